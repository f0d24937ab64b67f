"""The modules beside it can be imported, here and in a run from the command line."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
