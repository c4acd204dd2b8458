"""The two commands of a newcomer; a plain Python 3.11 or newer is all they need.

    python3 tools/dev.py demo [--port 8000]    the demo project, with real data, on this machine
    python3 tools/dev.py test [nox arguments]  everything a change must pass

Both work in .venv, which they make and keep up to date. Standard library only.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
AIRLINE = ROOT / "tests-integration" / "airline"
HOST = "127.0.0.1"
PORT = 8000


class Failure(Exception):
    """What went wrong and what to do, for a person to read."""


def runs(command: "list[str]") -> bool:
    """Whether Python code can be run with the command; a version manager's shim may refuse."""
    done = subprocess.call(
        [*command, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return done == 0


def explain_old_python() -> str:
    """Up to its call everything in this file has to run on a Python as old as 3.6."""
    names = [f"python3.{minor}" for minor in range(14, 10, -1)]
    newer = next((name for name in names if shutil.which(name) and runs([name])), None)
    advice = f"Try: {newer}" if newer else "Install a newer one, and run: python3.X"
    version = ".".join(map(str, sys.version_info[:2]))
    return (
        f"tools/dev.py needs Python 3.11 or newer; {sys.executable} is {version}.\n"
        f"{advice} {' '.join(sys.argv)}"
    )


if sys.version_info < OLDEST:
    sys.exit(explain_old_python())


def say(text: str) -> None:
    print(f"* {text}", flush=True)


def venv_python(venv: Path = VENV) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def is_usable(venv: Path) -> bool:
    """Whether the environment is whole: an interrupted creation leaves one without pip."""
    probe = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        done = subprocess.run(
            [str(venv_python(venv)), "-c", probe], capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def ensure_venv(venv: Path = VENV) -> None:
    if is_usable(venv):
        return
    if venv.exists():
        say(f"{venv.name} is incomplete or too old: making it anew")
    else:
        say(f"Making {venv.name} with Python {sys.version.split()[0]}")
    # The base interpreter, so that the environment outlives one that we were started from.
    python = getattr(sys, "_base_executable", None) or sys.executable
    done = subprocess.run([python, "-m", "venv", "--clear", str(venv)], check=False)
    if done.returncode or not is_usable(venv):
        raise Failure(
            f"{python} -m venv {venv} failed; the lines above say why.\n"
            "On Debian and Ubuntu the module comes with: apt install python3-venv"
        )


def group(name: str, root: Path = ROOT) -> list[str]:
    """The requirements of a dependency group of the root pyproject.toml (PEP 735)."""
    import tomllib

    groups = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    found: list[str] = []
    for item in groups[name]:
        found += [item] if isinstance(item, str) else group(item["include-group"], root)
    return found


def workspace(root: Path = ROOT) -> list[Path]:
    return sorted(path.parent for path in (root / "packages").glob("*/pyproject.toml"))


def digest(requirements: list[str], directories: list[Path]) -> str:
    """Changes when a requirement or the metadata of a package changes."""
    state = hashlib.sha256(json.dumps([sys.version, requirements]).encode())
    for directory in directories:
        state.update(str(directory).encode() + b"\0")
        state.update((directory / "pyproject.toml").read_bytes())
    return state.hexdigest()


def install(purpose: str, requirements: list[str], directories: list[Path]) -> None:
    """Brings .venv up to date, if it is not yet."""
    ensure_venv()
    stamp = VENV / f".{purpose}-stamp"
    wanted = digest(requirements, directories)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    say(f"Installing what {purpose!r} needs; the first time this takes a minute or two")
    pip(requirements)
    if directories:
        editable = [argument for d in directories for argument in ("-e", str(d))]
        pip(["--no-build-isolation", *editable])
    stamp.write_text(wanted)


def pip(arguments: list[str]) -> None:
    command = [str(venv_python()), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    done = subprocess.run([*command, *arguments], check=False, cwd=ROOT)
    if done.returncode:
        raise Failure(
            f"pip could not install: {' '.join(arguments)}\n"
            "The lines above say why. Offline, or behind a proxy or a package mirror? pip takes\n"
            "those from its own configuration (pip config list). The next run goes on from here."
        )


def is_free(port: int, host: str = HOST) -> bool:
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_port(asked: int | None) -> int:
    """The port asked for, or a free one from 8000 on. Raises Failure if the one asked is taken."""
    first = asked or PORT
    if is_free(first):
        return first
    for other in range(first + 1, min(first + 100, 65536)):
        if is_free(other):
            if asked:
                raise Failure(f"Port {asked} is taken. Free is: --port {other}")
            say(f"Port {first} is taken, by an earlier demo perhaps: using {other}")
            return other
    raise Failure(f"Port {first} is taken, and so are the next: choose one with --port")


def manage(*arguments: str) -> None:
    command = [str(venv_python()), "manage.py", *arguments]
    done = subprocess.run(command, cwd=AIRLINE, check=False)
    if done.returncode:
        raise Failure(f"manage.py {' '.join(arguments)} failed; the lines above say why.")


def wait_until_served(server: "subprocess.Popen[bytes]", port: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise Failure(f"The server stopped at once, with exit code {server.returncode}.")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise Failure(f"The server does not answer on port {port} after {seconds:.0f} seconds.")


def stop(server: "subprocess.Popen[bytes]") -> None:
    if server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(timeout=10)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        server.kill()
        server.wait()


def interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def demo(port: int | None) -> int:
    port = choose_port(port)
    install("demo", [*group("backend"), *group("airline")], workspace())
    manage("migrate", "--verbosity", "0")
    manage("load_airports")
    if not is_free(port):
        raise Failure(f"Port {port} was taken meanwhile: start again.")
    # A session of its own, so that Ctrl-C reaches this process alone, which ends the server.
    server = subprocess.Popen(
        [
            *(str(venv_python()), "-m", "uvicorn", "airline.asgi:application"),
            *("--host", HOST, "--port", str(port)),
            *("--timeout-graceful-shutdown", "3", "--log-level", "warning"),
            "--no-proxy-headers",
        ],
        cwd=AIRLINE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until_served(server, port)
        manage("demo_info", "--base-url", f"http://{HOST}:{port}")
        say("Ctrl-C stops it")
        return server.wait()
    except KeyboardInterrupt:
        print()
        say("Stopped")
        return 0
    finally:
        stop(server)


def nox_environment() -> dict[str, str]:
    """uv, which nox installs with, does not read pip's configuration: hand over the index."""
    environment = dict(os.environ)
    if "UV_DEFAULT_INDEX" in environment or "UV_INDEX_URL" in environment:
        return environment
    asked = subprocess.run(
        [str(venv_python()), "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    )
    index = environment.get("PIP_INDEX_URL") or asked.stdout.strip()
    if index:
        environment["UV_DEFAULT_INDEX"] = index
    return environment


def test(arguments: list[str]) -> int:
    install("test", group("nox"), [])
    command = [str(venv_python()), "-m", "nox", *arguments]
    environment = nox_environment()
    sys.stdout.flush()
    os.chdir(ROOT)
    if os.name == "posix":
        # nox takes this process over: signals and the exit code are its own.
        os.execve(command[0], command, environment)
    return subprocess.run(command, env=environment, check=False).returncode


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="tools/dev.py", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    demo_parser = commands.add_parser("demo", help="run the demo project on this machine")
    demo_parser.add_argument("--port", type=int, help=f"default: {PORT} or the next free one")
    commands.add_parser("test", help="run everything a change must pass; takes nox's arguments")
    if argv[:1] == ["test"]:
        options, rest = parser.parse_args(["test"]), argv[1:]
    else:
        options, rest = parser.parse_args(argv), []
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), interrupt)
    signal.signal(signal.SIGINT, interrupt)
    try:
        return test(rest) if options.command == "test" else demo(options.port)
    except Failure as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
