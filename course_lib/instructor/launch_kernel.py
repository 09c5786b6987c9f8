"""The first thing that runs inside the sandbox: set the limits, give up root, start the student's kernel.

Its text is handed to Python, so it imports nothing of the course. Its settings come through an inherited file, and
the kernel's sockets are inherited too, already listening: so the sandbox holds no folder that both sides write.
"""

import json
import os
import resource
import sys


def main() -> None:
    with os.fdopen(int(sys.argv[1])) as file:
        settings = json.load(file)
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # if the machine runs out of memory, this process goes first
    except OSError:
        pass
    for name, value in settings["limits"].items():
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (AttributeError, ValueError, OSError):
            if settings["sandbox"]:  # inside it runs Linux, where none of this may fail
                raise
    if settings["user"]:
        os.setgroups([])
        os.setgid(settings["user"])
        os.setuid(settings["user"])
    os.umask(0o022)
    if settings["sandbox"]:
        os.environ.pop("JPY_PARENT_PID", None)  # a number of outside; the sandbox ends with its parent by itself
    if settings["check"]:
        for path in settings["check"]:
            os.listdir(path)
        return

    import zmq
    from ipykernel import iostream
    from ipykernel.heartbeat import Heartbeat
    from ipykernel.kernelapp import IPKernelApp

    def bind(socket, port):
        socket.setsockopt(zmq.USE_FD, settings["sockets"][str(port)])
        socket.bind(f"ipc://kernel-{port}")

    class Stream(iostream.OutStream):
        """Send a flood in pieces that the grader takes, so that it can stop it and lose nothing else."""

        piece, waiting = 1 << 20, 0

        def write(self, text):
            for start in range(0, len(text), self.piece):
                part = text[start:start + self.piece]
                super().write(part)
                self.waiting += len(part)
                if self.waiting >= self.piece:
                    self.flush()
                    self.waiting = 0
            return len(text)

    iostream.OutStream = Stream  # the kernel finds it by name

    class StudentKernelApp(IPKernelApp):
        def _try_bind_socket(self, socket, port):
            bind(socket, port)
            return port

    Heartbeat._try_bind_socket = lambda self: bind(self.socket, self.port)
    path = os.path.join(settings["home"], "kernel.json")
    with open(path, "w") as file:
        json.dump(settings["connection"], file)
    StudentKernelApp.launch_instance(argv=["-f", path, "--HistoryManager.hist_file=:memory:"])


if __name__ == "__main__":
    main()
