"""`livecartoon devices`: cameras, GPUs, virtual cameras and encoders."""

from __future__ import annotations

from livecartoon.cli.flags import command, flag
from livecartoon.cli.session import current
from livecartoon.escape import printable

KINDS = ("cameras", "gpus", "vcams", "encoders")


@flag("--encoders", is_flag=True, help="Encoders that really open.")
@flag("--vcams", is_flag=True, help="Virtual cameras (loopback devices).")
@flag("--gpus", is_flag=True, help="CUDA devices.")
@flag("--cameras", is_flag=True, help="Cameras.")
@command("devices")
def devices(**wanted: bool) -> None:
    """List the cameras, GPUs, virtual cameras and encoders that can be used.

    \b
    Examples:
      livecartoon devices
      livecartoon devices --encoders
    """
    from livecartoon.jobs.devices import list_devices

    session = current()
    kinds = [kind for kind in KINDS if wanted[kind]] or list(KINDS)
    items = []
    for kind in kinds:
        found = list_devices(kind)
        session.result(f"{kind}: {'none' if not found else ''}".rstrip())
        for device in found:
            session.result(f"  {device.id:<14}  {printable(device.name)}")
            items.append({"kind": kind, "id": device.id, "name": device.name, **device.details})
    session.finish(items=items)
