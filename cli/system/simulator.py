"""`arcadia simulator`: runs the simulator of DigitalOcean's API in the foreground."""

import typer

__all__ = ["run_simulator"]


def run_simulator(context: typer.Context) -> None:
    """Run the DigitalOcean simulator; `arcadia simulator --help` lists its options."""
    # Imported here because it belongs to the local mode; other commands must work without it.
    from providers.digitalocean.simulator.main import main

    raise typer.Exit(main(context.args))
