"""Whether a deployed phase does what it is for, asked from where its workloads stand."""
