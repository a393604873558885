module homelab/sandbox/tools/pod

go 1.26.0
