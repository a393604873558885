"""Every image of the platform, pinned in stacks/images.yaml; ours are built by buildah, without a registry."""

from homelab.images.model import Base, Catalogue, Ours, Vendor, load

__all__ = ["Base", "Catalogue", "Ours", "Vendor", "load", "reference"]


def reference(name: str, registry: str | None = None) -> str:
    """What Kubernetes pulls: ours below `registry` (None: only imported, `localhost/…`), a vendor's from its own.

    Raises KeyError for a name that stacks/images.yaml has not.
    """
    from homelab.images import content

    catalogue = load()
    if (vendor := catalogue.vendor.get(name)) is not None:
        return vendor.reference
    return content.reference(name, catalogue, registry)
