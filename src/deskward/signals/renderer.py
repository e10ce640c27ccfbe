"""What draws the graphics: no real graphics card means a virtual machine, a remote desktop or an automaton."""

from collections.abc import Iterable

from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen

SOFTWARE, CONTRADICTS = 1.5, 1.5
SOURCE = "browser, WebGL"
VIRTUAL = {
    "swiftshader": "SwiftShader",
    "llvmpipe": "llvmpipe",
    "softpipe": "softpipe",
    "vmware": "VMware",
    "svga3d": "VMware",
    "virtualbox": "VirtualBox",
    "parallels": "Parallels",
    "virgl": "a virtual graphics card",
    "qemu": "a virtual graphics card",
    "basic render": "Basic Render Driver",
}
ONLY_ON = {"direct3d": ("Windows",), "apple": ("Mac OS X", "iOS")}


class Signal:
    """Reads the names of graphics card and driver, and compares them with the claimed system."""

    name = "renderer"
    section = Section.ENDPOINT
    title = "Graphics"
    about = "The name of your graphics card, to recognise virtual machines and remote control."
    reads: tuple[str, ...] = ("gpu_vendor", "gpu_renderer")

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Say what draws the graphics."""
        vendor, renderer = seen.visit.text("gpu_vendor") or "", seen.visit.text("gpu_renderer") or ""
        if not renderer:
            return [unknown(self.name, self.section, "The browser told nothing of its graphics.", "browser")]
        weight, text = _weighed(f"{vendor} {renderer}".lower(), seen.device.system)
        raw = {"vendor": vendor, "renderer": renderer}
        return [Finding(self.name, self.section, weight, text, SOURCE, raw=raw)]


def _weighed(told: str, system: str) -> tuple[float, str]:
    drawn = next((name for mark, name in VIRTUAL.items() if mark in told), "")
    if drawn:
        return SOFTWARE, (
            f"No real graphics card draws this page ({drawn}): so it is in virtual machines and automated "
            "browsers, and on remote desktops too."
        )
    for mark, systems in ONLY_ON.items():
        if mark in told and system and system not in systems:
            return CONTRADICTS, f"The graphics are not those of the claimed system ({system})."
    return 0.0, "A real graphics card draws this page."
