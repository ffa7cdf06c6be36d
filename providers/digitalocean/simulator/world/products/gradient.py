"""What the Gradient platform runs: an agent, and a model on accelerators of its own."""

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.world.build import World
from providers.digitalocean.simulator.world.fleets import default_vpc

__all__ = ["add_gradient_products"]


def add_gradient_products(world: World) -> None:
    """One of each."""
    _add_agent(world)
    _add_dedicated_inference(world)


def _add_agent(world: World) -> None:
    name = "acme-support"
    identifier, created = world.begin("gradient_agent", name, earliest=0.7)
    at = render_instant(created)
    document = {
        "uuid": identifier,
        "name": name,
        "created_at": at,
        "updated_at": at,
        "description": "Answers customers",
        "instruction": "You help the customers of a shop.",
        "if_case": "",
        "k": 10,
        "max_tokens": 512,
        "temperature": 0.7,
        "top_p": 0.9,
        "provide_citations": True,
        "retrieval_method": "RETRIEVAL_METHOD_NONE",
        "region": "tor1",
        "project_id": world.project_id("Acme production"),
        "tags": ["tenant:acme"],
        "user_id": "16432871",
        "url": f"https://cloud.digitalocean.com/gen-ai/agents/{identifier}",
        "route_name": "",
        "model": {
            "uuid": world.ids.uuid("model", "llama3.3-70b-instruct"),
            "name": "Llama 3.3 Instruct (70B)",
            "inference_name": "llama3.3-70b-instruct",
            "created_at": "2025-01-09T14:04:21Z",
            "updated_at": "2025-01-09T14:04:21Z",
        },
        "deployment": {
            "uuid": world.ids.uuid("agent deployment", name),
            "name": "",
            "status": "STATUS_RUNNING",
            "visibility": "VISIBILITY_PRIVATE",
            "url": f"https://{identifier[:12]}.agents.do-ai.run",
            "created_at": at,
            "updated_at": at,
        },
        "mcp_servers": [
            {
                "server_label": "orders",
                "server_url": "https://mcp.acme.example/",
                "authorization": world.ids.secret("agent", name),
            }
        ],
    }
    world.add("gradient_agent", identifier, document)
    world.bill(
        "gradient_agent",
        identifier,
        name,
        "tor1",
        "Acme production",
        created,
        sku="llama3.3-70b-instruct",
    )


def _add_dedicated_inference(world: World) -> None:
    name = "hooli-vision"
    identifier, created = world.begin("dedicated_inference", name, earliest=0.97, latest=0.98)
    vpc = default_vpc(world, "tor1")
    accelerator = {
        "accelerator_slug": "gpu-l40sx1-48gb",
        "scale": 1,
        "type": "prefill_decode",
        "status": "active",
    }
    document = {
        "id": identifier,
        "region": "tor1",
        "status": "active",
        "created_at": render_instant(created),
        "updated_at": render_instant(created),
        "vpc_uuid": vpc,
        "endpoints": {
            "private_endpoint_fqdn": f"{identifier[:8]}.internal.do-infra.ai",
            "public_endpoint_fqdn": "",
        },
        "spec": {
            "version": 1,
            "name": name,
            "region": "tor1",
            "enable_public_endpoint": False,
            "vpc": {"uuid": vpc},
            "model_deployments": [
                {
                    "model_id": world.ids.uuid("model deployment", name),
                    "model_slug": "hooli/vision-7b",
                    "model_provider": "hugging_face",
                    "accelerators": [accelerator],
                }
            ],
        },
    }
    world.add("dedicated_inference", identifier, document)
    world.bill(
        "dedicated_inference",
        identifier,
        name,
        "tor1",
        "Hooli production",
        created,
        sku="gpu-l40sx1-48gb",
    )
