"""How long `import ninja_boost` takes beside `import ninja`, in paired fresh processes.

Run it in an environment with the packages: python tools/bench/import_time.py [rounds]

The goal is a ratio of at most 1.15 for the import alone. The second line is what a project really
pays, because its URLs need AutoAPI and AutoRouter.
"""

import subprocess
import sys
from functools import partial

from measuring import in_turns, ratios

PREPARE = """
import time
from django.conf import settings
settings.configure(INSTALLED_APPS=[], SECRET_KEY="x")
import django
django.setup()
started = time.perf_counter()
{code}
print(time.perf_counter() - started)
"""

BASE = "import ninja"
CASES = {
    "import ninja_boost": "import ninja_boost",
    "AutoAPI, AutoRouter": "from ninja_boost import AutoAPI, AutoRouter; AutoAPI(); AutoRouter()",
    "NinjaAPI, Router": "from ninja import NinjaAPI, Router; NinjaAPI(); Router()",
}


def seconds(code: str) -> float:
    command = [sys.executable, "-c", PREPARE.format(code=code)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    every = {BASE: BASE, **CASES}
    times = in_turns({name: partial(seconds, code) for name, code in every.items()}, rounds)
    print(f"{'case':22}{'ratio to import ninja':>22}   quartiles, {rounds} rounds")
    for name in CASES:
        low, median, high = ratios(times[name], times[BASE])
        print(f"{name:22}{median:22.2f}   {low:.2f} to {high:.2f}")


if __name__ == "__main__":
    main()
