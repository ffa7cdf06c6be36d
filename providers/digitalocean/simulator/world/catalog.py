"""The products of the account: regions, sizes and images, and their documents."""

import struct
from dataclasses import dataclass
from decimal import Decimal

import orjson

__all__ = [
    "APP_SIZES",
    "IMAGES",
    "REGIONS",
    "SIZES",
    "AppSize",
    "Image",
    "Region",
    "Size",
    "app_size_document",
    "available_in",
    "gpu_document",
    "image_document",
    "region_document",
    "size_document",
]


@dataclass(frozen=True)
class Region:
    """A region."""

    slug: str
    name: str
    prefix: str
    """The first half of its public IPv4 addresses."""
    gpus: bool = False


@dataclass(frozen=True)
class Size:
    """A droplet size. Memory in MiB, disk in GiB, transfer in TB, price in USD a month."""

    slug: str
    memory: int
    vcpus: int
    disk: int
    transfer: float
    monthly: Decimal
    description: str = "Basic"
    gpu: tuple[int, str, int] | None = None
    """Number, model, and GiB of memory each."""

    @property
    def hourly(self) -> Decimal:
        """The hourly price: a month has 672 hours."""
        return self.monthly / _PRICED_HOURS


@dataclass(frozen=True)
class AppSize:
    """An instance size of App Platform. Memory in MiB, price in USD a month."""

    slug: str
    monthly: Decimal
    cpus: int
    memory: int
    tier: str
    shared: bool = True


@dataclass(frozen=True)
class Image:
    """An image for droplets; a retired one has no slug."""

    id: int
    slug: str | None
    name: str
    distribution: str
    kind: str = "distribution"
    size_gigabytes: float = 2.36
    status: str = "available"


REGIONS = {
    region.slug: region
    for region in (
        Region("nyc3", "New York 3", "143.198"),
        Region("sfo3", "San Francisco 3", "147.182"),
        Region("ams3", "Amsterdam 3", "146.190", gpus=True),
        Region("fra1", "Frankfurt 1", "139.59"),
        Region("sgp1", "Singapore 1", "128.199"),
        Region("lon1", "London 1", "138.68"),
        Region("tor1", "Toronto 1", "159.203", gpus=True),
    )
}

_PRICED_HOURS = 672
_H100 = (1, "nvidia_h100", 80)
_L40S = (1, "nvidia_l40s", 48)

SIZES = {
    size.slug: size
    for size in (
        Size("s-1vcpu-512mb-10gb", 512, 1, 10, 0.5, Decimal(4)),
        Size("s-1vcpu-1gb", 1024, 1, 25, 1, Decimal(6)),
        Size("s-1vcpu-2gb", 2048, 1, 50, 2, Decimal(12)),
        Size("s-2vcpu-2gb", 2048, 2, 60, 3, Decimal(18)),
        Size("s-2vcpu-4gb", 4096, 2, 80, 4, Decimal(24)),
        Size("s-4vcpu-8gb", 8192, 4, 160, 5, Decimal(48)),
        Size("s-8vcpu-16gb", 16384, 8, 320, 6, Decimal(96)),
        Size("c-2", 4096, 2, 25, 4, Decimal(42), "CPU-Optimized"),
        Size("c-4", 8192, 4, 50, 5, Decimal(84), "CPU-Optimized"),
        Size("g-2vcpu-8gb", 8192, 2, 25, 4, Decimal(63), "General Purpose"),
        Size("g-4vcpu-16gb", 16384, 4, 50, 5, Decimal(126), "General Purpose"),
        Size("m-2vcpu-16gb", 16384, 2, 50, 4, Decimal(84), "Memory-Optimized"),
        Size("so-2vcpu-16gb", 16384, 2, 300, 4, Decimal(131), "Storage-Optimized"),
        Size("gpu-l40sx1-48gb", 65536, 8, 500, 10, Decimal("1055.04"), "L40S GPU", _L40S),
        Size("gpu-h100x1-80gb", 245760, 20, 720, 15, Decimal("2278.08"), "H100 GPU", _H100),
    )
}

APP_SIZES = {
    size.slug: size
    for size in (
        AppSize("basic-xxs", Decimal(5), 1, 512, "basic"),
        AppSize("basic-xs", Decimal(10), 1, 1024, "basic"),
        AppSize("professional-xs", Decimal(12), 1, 1024, "professional"),
        AppSize("professional-s", Decimal(25), 1, 2048, "professional"),
        AppSize("apps-s-1vcpu-0.5gb", Decimal(5), 1, 512, "basic"),
        AppSize("apps-s-1vcpu-1gb-fixed", Decimal(10), 1, 1024, "basic"),
        AppSize("apps-s-1vcpu-1gb", Decimal(12), 1, 1024, "professional"),
        AppSize("apps-s-1vcpu-2gb", Decimal(25), 1, 2048, "professional"),
        AppSize("apps-s-2vcpu-4gb", Decimal(50), 2, 4096, "professional"),
        AppSize("apps-d-1vcpu-1gb", Decimal(34), 1, 1024, "professional", shared=False),
        AppSize("apps-d-2vcpu-4gb", Decimal(78), 2, 4096, "professional", shared=False),
    )
}

IMAGES = {
    image.slug or image.name: image
    for image in (
        Image(160111111, "ubuntu-24-04-x64", "24.04 (LTS) x64", "Ubuntu"),
        Image(155133621, "ubuntu-22-04-x64", "22.04 (LTS) x64", "Ubuntu", size_gigabytes=2.1),
        Image(112929454, None, "20.04 (LTS) x64", "Ubuntu", status="retired", size_gigabytes=2.36),
        Image(173795961, "debian-12-x64", "12 x64", "Debian", size_gigabytes=1.85),
        Image(168524855, "rockylinux-9-x64", "9 x64", "Rocky Linux", size_gigabytes=1.92),
        Image(152441018, "docker-20-04", "Docker 25.0.3", "Ubuntu", "application", 5.02),
        Image(170341890, "gpu-h100x1-base", "NVIDIA AI/ML Ready", "Ubuntu", "application", 21.7),
        Image(175011423, "do-kube-1.31.9-do.3", "do-kube-1.31.9-do.3", "Debian", "admin", 3.91),
    )
}

_CREATED = "2024-01-09T14:04:21Z"


def _float32(number: Decimal) -> float:
    """The number as in the API's prices: single precision, 15 digits."""
    (single,) = struct.unpack("f", struct.pack("f", float(number)))
    return float(f"{single:.15g}")


def app_size_document(size: AppSize, monthly: Decimal) -> dict[str, object]:
    """An instance size as `/v2/apps/tiers/instance_sizes` lists it: prices are texts."""
    return {
        "name": size.slug,
        "slug": size.slug,
        "cpu_type": "SHARED" if size.shared else "DEDICATED",
        "cpus": str(size.cpus),
        "memory_bytes": str(size.memory * 2**20),
        "usd_per_month": f"{monthly:.2f}",
        "usd_per_second": f"{monthly / (_PRICED_HOURS * 3600):.12f}",
        "tier_slug": size.tier,
        "scalable": not size.shared,
    }


def available_in(size: Size) -> list[str]:
    """The regions that offer a size."""
    return [region.slug for region in REGIONS.values() if region.gpus or size.gpu is None]


def size_document(size: Size) -> bytes:
    """A size as `/v2/sizes` lists it and droplets embed it."""
    document: dict[str, object] = {
        "slug": size.slug,
        "memory": size.memory,
        "vcpus": size.vcpus,
        "disk": size.disk,
        "transfer": size.transfer,
        "price_monthly": float(size.monthly),
        "price_hourly": _float32(size.hourly),
        "regions": available_in(size),
        "available": True,
        "description": size.description,
        "networking_throughput": 2000,
        "disk_info": [{"type": "local", "size": {"amount": size.disk, "unit": "gib"}}],
    }
    if size.gpu:
        document["gpu_info"] = gpu_document(size)
    return orjson.dumps(document)


def gpu_document(size: Size) -> dict[str, object]:
    """The GPUs of a size, if any."""
    count, model, memory = size.gpu or (0, "", 0)
    return {"count": count, "model": model, "vram": {"amount": memory, "unit": "gib"}}


def region_document(region: Region) -> bytes:
    """A region as `/v2/regions` lists it and most objects embed it."""
    features = ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"]
    return orjson.dumps(
        {
            "name": region.name,
            "slug": region.slug,
            "features": [*features, "gpu"] if region.gpus else features,
            "available": True,
            "sizes": [size.slug for size in SIZES.values() if region.slug in available_in(size)],
        }
    )


def image_document(image: Image) -> bytes:
    """A public image as `/v2/images` lists it and droplets embed it."""
    return orjson.dumps(
        {
            "id": image.id,
            "name": image.name,
            "type": "admin" if image.kind == "admin" else "base",
            "distribution": image.distribution,
            "slug": image.slug,
            "public": image.kind != "admin",
            "regions": list(REGIONS),
            "created_at": _CREATED,
            "min_disk_size": 7,
            "size_gigabytes": image.size_gigabytes,
            "description": f"{image.distribution} {image.name}",
            "tags": [],
            "status": image.status,
        }
    )
