"""`python -m providers.digitalocean.simulator`."""

import sys

from providers.digitalocean.simulator.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
