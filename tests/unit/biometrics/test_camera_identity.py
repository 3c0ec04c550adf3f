"""Which device it is: sysfs trees as the kernel lays them out, a registry as Windows keeps it, rules of a list."""

import pytest

from biometrics.camera_allow import (
    EVERY_PHYSICAL,
    AllowedCamera,
    AllowedCameras,
    camera_facts,
    require_allowed,
)
from biometrics.camera_errors import CameraNotAllowedError, CameraSpecError
from biometrics.camera_info import CameraInfo, classify, installed_cameras
from biometrics.errors import CameraGoneError, RecordedCameraError
from biometrics.windows_cameras import WindowsCamera, directshow_names, listed_cameras

C920 = {"idVendor": "046d", "idProduct": "082d", "serial": "ABCD1234", "product": "HD Pro Webcam C920"}


def usb_camera(
    sysfs, number, *, port="1-4.1", attributes=C920, name="HD Pro Webcam C920", nodes=1, pci="0000:00:14.0"
):
    """Lay out a UVC camera: controller, root hub, hubs, device, interface, its video nodes."""
    place = sysfs / "devices" / "pci0000:00" / pci / f"usb{port[0]}"
    hops = port.split(".")
    for depth in range(1, len(hops) + 1):
        place = place / ".".join(hops[:depth])
    interface = place / f"{port}:1.0"
    driver = sysfs / "bus" / "usb" / "drivers" / "uvcvideo"
    driver.mkdir(parents=True, exist_ok=True)
    classes = sysfs / "class" / "video4linux"
    classes.mkdir(parents=True, exist_ok=True)
    for node in range(number, number + nodes):
        video = interface / "video4linux" / f"video{node}"
        video.mkdir(parents=True)
        (video / "name").write_text(f"{name}\n")
        (video / "device").symlink_to(interface)
        (classes / f"video{node}").symlink_to(video)
    (interface / "driver").symlink_to(driver)
    for key, value in attributes.items():
        (place / key).write_bytes(f"{value}\n".encode() if isinstance(value, str) else value)
    return sysfs


def linux(sysfs, spec="0"):
    return classify(spec, sysfs=sysfs, platform="linux")


def test_a_usb_camera_has_ids_serial_and_port(tmp_path):
    info = linux(usb_camera(tmp_path, 0, nodes=2))
    assert (info.vid, info.pid, info.serial) == ("046d", "082d", "ABCD1234")
    assert info.path == "pci-0000:00:14.0-usb-4.1"
    assert info.physical
    assert linux(tmp_path, "1").identity == info.identity, "the node of its metadata is the same device"
    assert "ABCD1234" not in repr(info)


def test_the_port_does_not_depend_on_the_number_of_the_bus(tmp_path):
    first = linux(usb_camera(tmp_path / "a", 0, port="1-4.1"))
    again = linux(usb_camera(tmp_path / "b", 0, port="3-4.1"))
    other = linux(usb_camera(tmp_path / "c", 0, port="1-4.2"))
    assert first.path == again.path
    assert first.path != other.path


def test_a_camera_without_serial_or_with_odd_attributes(tmp_path):
    odd = {"idVendor": "46D", "idProduct": "zzzz", "serial": b"\x1b[31m\xff\x00evil\n", "product": "x" * 9999}
    info = linux(usb_camera(tmp_path, 0, attributes=odd))
    assert (info.vid, info.pid) == ("", "")
    assert info.serial.isprintable()
    assert "\x1b" not in info.serial
    assert linux(usb_camera(tmp_path / "b", 0, attributes={**C920, "serial": ""})).serial == ""


def test_a_camera_on_the_board_has_a_place_and_no_ids(tmp_path):
    place = tmp_path / "devices" / "platform" / "soc" / "fe801000.csi" / "video4linux" / "video0"
    place.mkdir(parents=True)
    (place / "name").write_text("unicam-image\n")
    driver = tmp_path / "bus" / "platform" / "drivers" / "unicam"
    driver.mkdir(parents=True)
    (place.parents[1] / "driver").symlink_to(driver)
    (place / "device").symlink_to(place.parents[1])
    (tmp_path / "class" / "video4linux").mkdir(parents=True)
    (tmp_path / "class" / "video4linux" / "video0").symlink_to(place)
    info = linux(tmp_path)
    assert info.physical
    assert info.path == "platform/soc/fe801000.csi"
    assert AllowedCamera.of_device(info).spec == "@platform/soc/fe801000.csi"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": "OBS Virtual Camera"}, "name"),
        (
            {"attributes": {**C920, "product": "DroidCam"}},
            "name",
        ),  # the node was renamed, the product was not
        ({"pci": "dummy_hcd.0"}, "simulated-bus"),
        ({"pci": "vhci_hcd.0"}, "simulated-bus"),
    ],
)
def test_why_a_camera_is_virtual(tmp_path, change, why):
    info = linux(usb_camera(tmp_path, 0, **change))
    assert (info.physical, info.why) == (False, why)
    with pytest.raises(RecordedCameraError):
        require_allowed(info, EVERY_PHYSICAL)


def test_a_loopback_with_the_name_of_a_real_camera_is_virtual(tmp_path):
    video = tmp_path / "devices" / "virtual" / "video4linux" / "video0"
    video.mkdir(parents=True)
    (video / "name").write_text("HD Pro Webcam C920\n")
    (tmp_path / "class" / "video4linux").mkdir(parents=True)
    (tmp_path / "class" / "video4linux" / "video0").symlink_to(video)
    assert linux(tmp_path).why == "no-bus"
    assert [camera.why for camera in installed_cameras(sysfs=tmp_path, platform="linux")] == ["no-bus"]


# -- the list ----------------------------------------------------------------------------------------

MINE = CameraInfo(
    kind="device",
    physical=True,
    index=0,
    vid="046d",
    pid="082d",
    serial="A1",
    path="pci-x-usb-4",
    name="C920",
)


def listed(*specs):
    return AllowedCameras(begun=True, cameras=tuple(AllowedCamera.parse(spec) for spec in specs))


@pytest.mark.parametrize(
    ("spec", "allowed"),
    [
        ("046d:082d", True),
        ("046D:082D", True),
        ("046d:082d:A1", True),
        ("046d:082d:A2", False),
        ("046d:082d:a1", False),
        ("046d:082d@pci-x-usb-4", True),
        ("046d:082d:A1@pci-x-usb-5", False),
        ("@pci-x-usb-4", True),
        ("046d:082e", False),
        ("any", True),
    ],
)
def test_what_a_rule_lets_in(spec, allowed):
    rule = AllowedCamera.parse(spec)
    assert AllowedCamera.parse(rule.spec) == rule
    if allowed:
        assert require_allowed(MINE, listed(spec)) == MINE
        return
    with pytest.raises(CameraNotAllowedError) as caught:
        require_allowed(MINE, listed("ffff:ffff", spec))
    assert caught.value.conclusive
    assert caught.value.facts["why"] == "other"


@pytest.mark.parametrize(
    "spec", ["", "@", ":", "046d", "046d:", "46d:82d", "046d:082d:", "046d:082d:\x1b[1m", "x" * 999]
)
def test_what_is_no_rule(spec):
    with pytest.raises(CameraSpecError):
        AllowedCamera.parse(spec)


def test_without_a_list_any_physical_camera_and_with_an_empty_one_none():
    assert require_allowed(MINE, AllowedCameras()) == MINE
    with pytest.raises(CameraNotAllowedError):
        require_allowed(MINE, AllowedCameras(begun=True))
    for spec in ("any", "046d:082d"):
        with pytest.raises(RecordedCameraError):
            require_allowed(CameraInfo(kind="device", physical=False, vid="046d", pid="082d"), listed(spec))
        with pytest.raises(CameraGoneError):
            require_allowed(CameraInfo(kind="device", physical=False, present=False), listed(spec))


def test_a_device_of_which_nothing_is_known_is_on_no_list():
    blind = CameraInfo(kind="device", physical=True, index=0)
    with pytest.raises(CameraNotAllowedError) as caught:
        require_allowed(blind, listed("046d:082d"))
    assert caught.value.facts["why"] == "unknown"
    assert require_allowed(blind, listed("any")) == blind


def test_how_a_device_is_known_again():
    assert AllowedCamera.of_device(MINE).spec == "046d:082d:A1"
    assert AllowedCamera.of_device(MINE, "port").spec == "046d:082d@pci-x-usb-4"
    assert AllowedCamera.of_device(MINE, "model").spec == "046d:082d"
    bare = CameraInfo(kind="device", physical=True, vid="046d", pid="082d")
    for way in (None, "serial", "port"):
        with pytest.raises(CameraSpecError):
            AllowedCamera.of_device(bare, way)


def test_the_record_has_no_serial_number():
    facts = camera_facts(MINE)
    assert facts["camera_vid"] == "046d"
    assert facts["camera_number"] == 0
    assert len(facts["camera_serial_sha256"]) == 16
    assert "A1" not in facts.values()
    assert camera_facts(CameraInfo(kind="memory", physical=False)) == {"camera_kind": "memory"}


# -- Windows -----------------------------------------------------------------------------------------

_CLASS = r"HKLM\SYSTEM\CurrentControlSet\Control\DeviceClasses\{e5323777-f976-4f5b-9b55-b94699c46e44}"
_ENUM = r"HKLM\SYSTEM\CurrentControlSet\Enum"


class Registry:
    """Keys as paths, values in them."""

    def __init__(self):
        self.tree = {}

    def add(self, path, **values):
        self.tree.setdefault(path, {}).update(values)

    def keys(self, path):
        below = {each[len(path) + 1 :].split("\\")[0] for each in self.tree if each.startswith(f"{path}\\")}
        return sorted(below)

    def value(self, path, name):
        return self.tree.get(path, {}).get(name, "")

    def camera(self, bus, device, number, *, linked="1", **values):
        key = f"##?#{bus}#{device}#{number}#{{65e8773d}}"
        self.add(rf"{_CLASS}\{key}\#GLOBAL\Control", Linked=linked)
        self.add(
            rf"{_ENUM}\{bus}\{device}\{number}".upper().replace(
                "HKLM\\SYSTEM\\CURRENTCONTROLSET\\ENUM", _ENUM
            ),
            **values,
        )


def windows(registry, spec="0"):
    return classify(
        spec,
        platform="win32",
        list_names=lambda: directshow_names(registry),
        list_devices=lambda: listed_cameras(registry),
    )


def test_what_windows_says_of_a_composite_camera():
    registry = Registry()
    registry.camera(
        "USB",
        "VID_046D&PID_082D&MI_00",
        "6&2a8e5b&0&0000",
        FriendlyName="HD Pro Webcam C920",
        Service="usbvideo",
        ContainerID="{7}",
    )
    registry.add(
        rf"{_ENUM}\USB\VID_046D&PID_082D\ABCD1234",
        ContainerID="{7}",
        LocationInformation="Port_#0004.Hub_#0001",
    )
    registry.add(
        rf"{_ENUM}\USB\VID_046D&PID_082D\OTHER", ContainerID="{8}", LocationInformation="Port_#0009.Hub_#0001"
    )
    registry.camera("USB", "VID_1111&PID_2222", "GONE", linked="0", FriendlyName="Unplugged")
    info = windows(registry)
    assert (info.vid, info.pid, info.serial, info.path) == (
        "046d",
        "082d",
        "ABCD1234",
        "Port_#0004.Hub_#0001",
    )
    assert info.physical
    assert require_allowed(info, listed("046d:082d:ABCD1234")) == info


def test_with_two_cameras_windows_does_not_say_which_is_which():
    registry = Registry()
    for number in ("AA", "BB"):
        registry.camera("USB", "VID_046D&PID_082D", number, FriendlyName="C920")
    info = windows(registry)
    assert (info.physical, info.vid) == (True, "")
    with pytest.raises(CameraNotAllowedError):
        require_allowed(info, listed("046d:082d"))


@pytest.mark.parametrize("bus", ["SWD", "ROOT"])
def test_a_software_camera_of_windows_makes_every_number_doubtful(bus):
    registry = Registry()
    registry.camera("USB", "VID_046D&PID_082D", "AA", FriendlyName="C920")
    registry.camera(bus, "VCAMDEVAPI", "1", FriendlyName="Integrated Camera")
    assert windows(registry).why == "listed-virtual"


def test_a_registered_filter_of_a_camera_program_makes_every_number_doubtful():
    registry = Registry()
    registry.add(
        r"HKCR\CLSID\{860BB310-5D01-11D0-BD3B-00A0C911CE86}\Instance\{1}", FriendlyName="OBS Virtual Camera"
    )
    assert windows(registry).why == "listed-virtual"


def test_other_systems_list_nothing():
    assert listed_cameras() == ()
    assert directshow_names() == ()
    assert "S1" not in repr(WindowsCamera(name="x", driver="", on_bus=True, serial="S1"))
