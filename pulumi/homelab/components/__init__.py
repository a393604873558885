"""Spec → Kubernetes resources: one ComponentResource per file, each with one frozen table of inputs.

A component takes what is decided and computes nothing: memory and CPU come as a `Share` of the ledger, settings as
a spec, configuration as the text that the local platform reads too. Every workload goes through `pod.template`,
which is where limits, probes, the security context and the absence of a service-account token are said once.
"""
