"""A stand-in for Pulumi's Kubernetes plugin: its protocol and server-side apply, no more.

It creates, updates, reads, replaces and deletes objects of any kind as Pulumi's own does under server-side apply,
and keeps secrets secret. It does not wait until what it applied is ready, and refuses what it does not know:
charts, YAML directories, `…Patch` resources.
"""
