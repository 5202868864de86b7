"""``accelerate launch -m realesr.train CONFIG``: ``realesr train`` in many processes."""

import sys

from realesr.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "train")
    main()
