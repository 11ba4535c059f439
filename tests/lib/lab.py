# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A small network of namespaces with the appliance in the middle.

    agent .10 ----+
    customer .20 -+-- switch -- access0 [ appliance ] rec0 -- recorder
    supervisor .30+   192.0.2.0/24        (192.0.2.1)         198.51.100.0/24
    stranger .66 -+   2001:db8::/64    (198.51.100.1)

All addresses are of the documentation ranges and nothing leaves the machine. Everything that a
Lab starts it stops by its own id; what a killed run left behind is swept by the next one.
"""

import contextlib
import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BRIDGETAP_BUILD", ROOT / "build")).resolve()
HUGEPAGES = 256  # of 2 MiB
CPUS = {0, 1}  # the first one is everybody's

# Of a sanitized build: what DPDK itself never frees is no finding.
SANITIZER = {"LSAN_OPTIONS": f"suppressions={ROOT}/tests/lib/lsan.supp:print_suppressions=0"}

HOSTS = {"agent": 10, "customer": 20, "supervisor": 30, "stranger": 66}
APPLIANCE = "192.0.2.1"
APPLIANCE6 = "2001:db8::1"
RECORDING = "198.51.100.1"
RECORDER = "198.51.100.2"

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
SIOCETHTOOL, ETHTOOL_STXCSUM, ETHTOOL_GFLAGS, ETHTOOL_SGRO = 0x8946, 0x17, 0x25, 0x2c
ETH_FLAG_RXVLAN = 1 << 8


class Missing(Exception):
    """Something the machine does not have; the text says how to get it."""


def address_of(host):
    """The IPv4 address of a host on the access network."""
    return f"192.0.2.{HOSTS[host]}"


def run(*argv, check=True):
    """Run a command to its end; its output is part of the error where it fails."""
    done = subprocess.run(argv, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def require_root():
    """Raise Missing unless nothing is forbidden."""
    if os.geteuid() != 0:
        raise Missing("network namespaces and AF_XDP need root: run it with sudo")


def require_machine():
    """Raise Missing unless namespaces, AF_XDP and hugepages can be had here."""
    if not CPUS <= os.sched_getaffinity(0):
        raise Missing("the data plane runs on CPU 0 and its worker polls CPU 1: this machine, or "
                      "what limits this process (taskset, cpuset), has to have both")
    if not _take_hugepages():
        raise Missing(f"{HUGEPAGES} hugepages of 2 MiB are not to be had; free some memory, "
                      f"then: echo {HUGEPAGES} > /proc/sys/vm/nr_hugepages")
    try:
        socket.socket(44, socket.SOCK_RAW).close()  # AF_XDP
    except OSError as error:
        raise Missing("this kernel has no AF_XDP (CONFIG_XDP_SOCKETS); "
                      f"use one that has, such as Debian's own: {error}") from error


def _take_hugepages():
    """Have the kernel take what is missing: one lab after the other, as each adds to what it has
    read."""
    with open("/proc/sys/vm/nr_hugepages", "r+", encoding="ascii") as total:
        fcntl.flock(total, fcntl.LOCK_EX)
        free = _free_hugepages()
        if free < HUGEPAGES:
            more = int(total.read()) + HUGEPAGES - free
            total.seek(0)
            total.write(str(more))
            total.flush()
        return _free_hugepages() >= HUGEPAGES


def _free_hugepages():
    text = Path("/proc/meminfo").read_text()
    size = int(re.search(r"Hugepagesize:\s+(\d+)", text).group(1))
    return int(re.search(r"HugePages_Free:\s+(\d+)", text).group(1)) * size // 2048


def owner_of(pid):
    """The name of a process in what it makes: its id, which another one may have later, and when it
    began. None if it does not live."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return f"{pid}.{rest[18]}" if state not in "ZX" else None


def _lives(owner):
    return owner_of(owner.partition(".")[0]) == owner


def sweep():
    """Remove what runs that were killed have left: processes, namespaces, folders."""
    for owner, host in re.findall(r"^bt(\d+\.\d+)-(\w+)", run("ip", "netns", "list"), re.M):
        if not _lives(owner):
            _kill(run("ip", "netns", "pids", f"bt{owner}-{host}", check=False).split())
            run("ip", "netns", "del", f"bt{owner}-{host}", check=False)
    for folder in Path(tempfile.gettempdir()).glob("bridgetap-*"):
        found = re.match(r"bridgetap-(\d+\.\d+)-", folder.name)
        if found and not _lives(found[1]):
            remove_folder(folder)


def _kill(pids):
    """And wait until they have given back what they held; they may be gone already."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while any(map(owner_of, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)


def make_folder():
    """A folder for a Lab, which sweep() removes should this process be killed."""
    return Path(tempfile.mkdtemp(prefix=f"bridgetap-{owner_of(os.getpid())}-"))


def remove_folder(folder):
    """With the file systems that are mounted in it."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        where = line.split()[1]
        if where.startswith(f"{folder}/"):
            run("umount", "-l", where, check=False)
    shutil.rmtree(folder, ignore_errors=True)


class Process:
    """A program under a name, in a namespace, its output in a file."""

    def __init__(self, lab, host, name, argv, env=None, cpus=None):
        self.name = name
        self.log = lab.path / f"{name}.log"
        self._file = open(self.log, "ab")
        prefix = ["ip", "netns", "exec", lab.namespace(host)] if host else []
        # Nothing outlives whoever has started it, however that ends.
        prefix += ["setpriv", "--pdeathsig", "KILL"]
        self._popen = subprocess.Popen(
            prefix + [str(a) for a in argv], stdout=self._file, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, env={**os.environ, **SANITIZER, **(env or {})},
            preexec_fn=(lambda: os.sched_setaffinity(0, cpus)) if cpus else None)
        self.pid = self._popen.pid

    def running(self):
        return self._popen.poll() is None

    def output(self):
        return self.log.read_text(errors="replace")

    def wait(self, timeout):
        return self._popen.wait(timeout)

    def interrupt(self):
        """As Ctrl-C would."""
        self._popen.send_signal(signal.SIGINT)

    def kill(self):
        """As the kernel would: no chance to clean up."""
        self._popen.kill()
        self._popen.wait()
        self._file.close()

    def stop(self, timeout=10):
        """Ask it to stop; returns its exit code."""
        if self.running():
            self._popen.terminate()
            try:
                self._popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()
        if not self._file.closed:
            self._file.close()
        return self._popen.returncode


@contextlib.contextmanager
def held(process):
    """Within, the process stands still: what is sent to it waits."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


class Lab:
    """The network, and the processes in it. A context manager. Without a `path` all files are gone
    with it."""

    def __init__(self, path=None):
        self._owner = owner_of(os.getpid())
        self._temporary = path is None
        self.path = Path(path or make_folder())
        self.path.mkdir(parents=True, exist_ok=True)
        self._processes = []
        self._names = []

    def namespace(self, host):
        return f"bt{self._owner}-{host}"

    def __enter__(self):
        try:
            require_root()
            sweep()  # which may hold what the machine then seems to lack
            require_machine()
            self._build()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self._processes):
            process.stop()
        for name in self._names:
            run("ip", "netns", "del", name, check=False)
        self._names = []
        if self._temporary:
            remove_folder(self.path)

    def _add(self, host):
        name = self.namespace(host)
        run("ip", "netns", "add", name)
        self._names.append(name)
        run("ip", "-n", name, "link", "set", "lo", "up")

    def _link(self, host, interface, peer, peer_interface):
        run("ip", "link", "add", interface, "netns", self.namespace(host), "type", "veth",
            "peer", "name", peer_interface, "netns", self.namespace(peer))
        for name, device in ((host, interface), (peer, peer_interface)):
            run("ip", "-n", self.namespace(name), "link", "set", device, "up")

    def cable(self, interface, peer, peer_interface):
        """One more link of the appliance, to a host; without addresses."""
        self._link("appliance", interface, peer, peer_interface)

    def _address(self, host, interface, *addresses):
        for address in addresses:
            extra = ["nodad"] if ":" in address else []
            run("ip", "-n", self.namespace(host), "addr", "add", address, "dev", interface, *extra)

    def _build(self):
        for host in ("appliance", "switch", "recorder", *HOSTS):
            self._add(host)
        run("ip", "-n", self.namespace("switch"), "link", "add", "br0", "type", "bridge")
        run("ip", "-n", self.namespace("switch"), "link", "set", "br0", "up")
        # A plain switch: with br_netfilter it would drop IPv4 whose header is wrong.
        run("ip", "netns", "exec", self.namespace("switch"), "sh", "-c",
            "for f in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $f ] || echo 0 > $f; done")
        self._link("appliance", "access0", "switch", "appliance")
        self._address("appliance", "access0", f"{APPLIANCE}/24", f"{APPLIANCE6}/64")
        for host, number in HOSTS.items():
            self._link(host, "eth0", "switch", host)
            self._address(host, "eth0", f"192.0.2.{number}/24", f"2001:db8::{number}/64")
        for port in ("appliance", *HOSTS):
            run("ip", "-n", self.namespace("switch"), "link", "set", port, "master", "br0")
        self._link("appliance", "rec0", "recorder", "eth0")
        self._address("appliance", "rec0", f"{RECORDING}/24")
        self._address("recorder", "eth0", f"{RECORDER}/24")

    def _ethtool(self, host, interface, command, value=0):
        setting = ctypes.create_string_buffer(struct.pack("II", command, value))
        with self.socket(host) as handle:
            fcntl.ioctl(handle, SIOCETHTOOL, struct.pack("16sP", interface.encode(),
                                                         ctypes.addressof(setting)))
        return struct.unpack("II", setting.raw[:8])[1]

    def let_kernel_forward(self, host="switch", interface="appliance", allow=True):
        """Have the far end of the appliance's cable take what its XDP program sends."""
        self._ethtool(host, interface, ETHTOOL_SGRO, allow)

    def takes_off_tags(self, host, interface):
        """Whether the driver of an interface takes VLAN tags off what comes in."""
        return bool(self._ethtool(host, interface, ETHTOOL_GFLAGS) & ETH_FLAG_RXVLAN)

    def whole_checksums(self, host, whole=True):
        """Have a host's kernel send UDP with checksums, which it leaves out on a veth otherwise."""
        self._ethtool(host, "eth0", ETHTOOL_STXCSUM, not whole)

    # --- processes ---

    def spawn(self, host, name, *argv, **options):
        """Start a program on a host (None: where we are); it is stopped with the lab."""
        process = Process(self, host, name, argv, **options)
        self._processes.append(process)
        return process

    def running(self):
        """All programs that run, the last one that was started first."""
        return [process for process in reversed(self._processes) if process.running()]

    def socket(self, host, kind=socket.SOCK_DGRAM, family=socket.AF_INET, protocol=0):
        """A socket that lives in the host's namespace."""
        with open(f"/run/netns/{self.namespace(host)}") as there, open("/proc/self/ns/net") as here:
            _setns(there)
            try:
                return socket.socket(family, kind, protocol)
            finally:
                _setns(here)

    # --- the appliance ---

    @property
    def dataplane_socket(self):
        return str(self.path / "dataplane.sock")

    def dataplane_config(self, name="dataplane", **settings):
        """Write a data plane's configuration; `settings` replace or add to the usual ones."""
        values = {
            "ports": '( { name = "access"; devargs = "net_af_xdp0,iface=access0"; },'
                     '  { name = "recorder"; devargs = "net_af_xdp1,iface=rec0"; } )',
            "realms":
                f'( {{ name = "access"; port = "access"; address = "{APPLIANCE}";'
                '    rtp_ports = [ 20000, 20199 ]; },'
                f'  {{ name = "access6"; port = "access"; address = "{APPLIANCE6}";'
                '    rtp_ports = [ 20000, 20199 ]; },'
                f'  {{ name = "recording"; port = "recorder"; address = "{RECORDING}";'
                '    rtp_ports = [ 30000, 30399 ]; recording = true; } )',
            "eal": '[ "--in-memory", "--no-pci", "--no-telemetry", "--log-level=error" ]',
            "main_lcore": "0",
            "workers": "[ 1 ]",
            "mbufs": "32767",
            "calls_max": "1000",
            "socket": f'"{self.path}/{name}.sock"',
            **settings,
        }
        path = self.path / f"{name}.conf"
        path.write_text("".join(f"{name} = {value};\n" for name, value in values.items()))
        return path

    def start_dataplane(self, name="dataplane", binary=None, **settings):
        """Start a data plane and wait until it is ready."""
        config = self.dataplane_config(name, **settings)
        binary = binary or BUILD / "bin/bridgetap-dataplane"
        before = self._count_ready(name)
        process = self.spawn("appliance", name, binary, "--config", config)
        self._wait_ready(process, before)
        return process

    @property
    def api_socket(self):
        return str(self.path / "controlplane.sock")

    def start_controlplane(self, binary=None, **settings):
        """Start the control plane and wait until it listens."""
        values = {
            "listen": f'"{self.api_socket}"',
            "dataplane": f'"{self.dataplane_socket}"',
            "store": f'"{self.path}/controlplane.db"',
            **settings,
        }
        config = self.path / "controlplane.conf"
        config.write_text("".join(f"{name} = {value};\n" for name, value in values.items()))
        binary = binary or BUILD / "bin/bridgetap-controlplane"
        before = self._count_ready("controlplane")
        process = self.spawn("appliance", "controlplane", binary, "--config", config)
        self._wait_ready(process, before)
        return process

    def _count_ready(self, name):
        log = self.path / f"{name}.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return len(re.findall("^ready:", text, re.M))

    def _wait_ready(self, process, before, timeout=30):
        deadline = time.monotonic() + timeout
        while self._count_ready(process.name) == before:
            if not process.running():
                raise RuntimeError(f"{process.name} did not start:\n{process.output()}")
            if time.monotonic() > deadline:
                process.stop()
                raise RuntimeError(f"{process.name} is not ready:\n{process.output()}")
            time.sleep(0.02)


def _setns(file):
    if _libc.setns(file.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
