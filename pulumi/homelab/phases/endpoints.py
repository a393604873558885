"""Where the services answer inside the cluster, as the pipeline is told."""

from homelab.components.scope import PORTS
from homelab.config import pipeline as conf
from homelab.phases.site import Site
from homelab.specs import PIPELINE, Pipeline

COPIES = 3
"""Of every message where NATS is on as many nodes: one may go and the streams stay."""

ENDPOINTS = conf.Endpoints(
    nats_url=f"nats://nats:{PORTS.nats}",
    postgres_host="supabase-postgres",
    postgres_port=PORTS.postgres,
    objects="s3://",
    s3_endpoint=f"http://garage:{PORTS.garage}",
    oxigraph_url=f"http://oxigraph:{PORTS.oxigraph}",
    litellm_url=f"http://litellm:{PORTS.litellm}",
)
"""Names of services, which the namespace's own search path completes."""


def environment(site: Site) -> dict[str, str]:
    """Of every stage, the API and the steps before them; no secret is in it.

    From the node that has the streams: their size follows from its disk. On several nodes, from the least.
    """
    told = conf.environment(site.spec("nats", Pipeline, PIPELINE), site.lab, ENDPOINTS)
    copies = min(COPIES, site.workload("nats").share.replicas_min)
    return told if copies == 1 else {**told, "LAB_STREAM_REPLICAS": str(copies)}
