"""Executes a notebook from its first cell to its last: execute.py NOTEBOOK EXECUTED ROOT.

Writes EXECUTED only when every cell succeeded. Exits 1 after a failing cell, 130 after Ctrl-C.
"""

import signal

# Until there is a kernel, a signal just ends this process, without Python's traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError


class Client(NotebookClient):
    """Takes note of what fails in the kernel while no cell waits for it, which tslab only prints."""

    unawaited = ""

    async def async_start_new_kernel_client(self):
        client = await super().async_start_new_kernel_client()
        get_message = client.iopub_channel.get_msg

        async def note(**options):
            message = await get_message(**options)
            if message["msg_type"] == "stream" and message["content"]["name"] == "stderr":
                text = message["content"]["text"]
                if text.startswith(("UncaughtException:", "UnhandledPromiseRejection:")):
                    self.unawaited += text
            return message

        client.iopub_channel.get_msg = note
        return client


def make_client(notebook):
    """A client that executes the notebook in place and prints a line for each code cell."""
    start = 0.0
    skip_tag = "skip-execution"

    def clear_skipped(cell, **_):
        if cell.cell_type == "code" and skip_tag in cell.metadata.get("tags", []):
            cell.update(outputs=[], execution_count=None)

    def show_start(cell_index, **_):
        nonlocal start
        start = time.monotonic()
        print(f"  cell {cell_index + 1:2} of {len(notebook.cells)}", end="", flush=True)

    async def show_end(cell, cell_index, execute_reply, **_):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        print(f"{time.monotonic() - start:8.1f} s  {''.join(lines[:1])[:60]}", flush=True)
        status = execute_reply["content"]["status"]
        if status not in ("ok", "error"):
            raise RuntimeError(
                f"The kernel did not run this cell (it answered {status!r}):\n{indent(cell.source)}"
            )
        if not any(it.cell_type == "code" for it in notebook.cells[cell_index + 1 :]):
            # What fails unawaited is printed after the reply, and read with what follows.
            await asyncio.sleep(0.5)
            while await client.kc.iopub_channel.msg_ready():
                await client.kc.iopub_channel.get_msg()
        if client.unawaited:
            raise RuntimeError(
                "What this cell or one before it began, and nothing awaited, failed:\n"
                + indent(client.unawaited)
            )

    async def show_error(cell, execute_reply, **_):
        if "raises-exception" in cell.metadata.get("tags", []):
            # tslab drops what reaches it within 200 ms of an error.
            await asyncio.sleep(1)
            return
        # tslab says what went wrong on the cell's stderr; other kernels say it in their reply.
        reply = execute_reply["content"]
        error = "".join(o.text for o in cell.outputs if o.get("name") == "stderr")
        print("\nThis cell failed:\n" + indent(cell.source), file=sys.stderr)
        print("\n" + indent(error or "\n".join(reply.get("traceback", []))), file=sys.stderr)

    client = Client(
        notebook,
        timeout=None,
        record_timing=False,
        coalesce_streams=True,
        skip_cells_with_tag=skip_tag,
        # Without this, outputs that come late are left out with no more than a warning.
        iopub_timeout=60,
        raise_on_iopub_timeout=True,
        # A kernel that is asked to end would first finish its training.
        shutdown_kernel="immediate",
        on_cell_start=clear_skipped,
        on_cell_execute=show_start,
        on_cell_executed=show_end,
        on_cell_error=show_error,
    )
    return client


def execute(client, kernel_log):
    """Executes in a second thread, so that nbclient leaves the signals to this one."""

    def stop(number, _):
        kernels = psutil.Process().children(recursive=True)
        for kernel in kernels:
            with contextlib.suppress(psutil.NoSuchProcess):
                kernel.kill()
        psutil.wait_procs(kernels, timeout=10)
        if client.km:
            client.km.cleanup_connection_file()
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    with ThreadPoolExecutor(1) as pool:
        # What native code prints, such as TensorFlow's banner, belongs to no cell.
        pool.submit(client.execute, stdout=kernel_log, stderr=kernel_log).result()


def indent(text):
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines())


def clean(notebook, replacements):
    """Removes what would differ between two runs or two machines."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            for key in output.keys() & {"text", "data", "ename", "evalue", "traceback"}:
                output[key] = replace_paths(output[key], replacements)


def replace_paths(value, replacements):
    """Replaces absolute paths in all texts of an output."""
    if isinstance(value, str):
        for path, relative in replacements:
            value = value.replace(path, relative)
    elif isinstance(value, dict):
        return {key: replace_paths(item, replacements) for key, item in value.items()}
    elif isinstance(value, list):
        return [replace_paths(item, replacements) for item in value]
    return value


def main():
    source, executed, root = sys.argv[1:]
    notebook = nbformat.read(source, as_version=nbformat.NO_CONVERT)
    with tempfile.TemporaryFile("w+", errors="replace") as kernel_log:
        try:
            execute(make_client(notebook), kernel_log)
        except CellExecutionError:
            sys.exit(1)
        except (RuntimeError, CellTimeoutError) as error:
            # The kernel did not start, died, or left a cell out: what it printed last is all there is to go by.
            kernel_log.seek(0)
            print(f"\n{error}\n{indent(kernel_log.read()[-2000:])}", file=sys.stderr)
            sys.exit(1)
    results = f"./results/{Path(source).stem}"
    clean(notebook, [(os.environ["RESULTS_DIR"], results), (root, ".")])
    nbformat.write(notebook, executed)


if __name__ == "__main__":
    main()
