import pytest

from biometrics.camera_info import classify, device_index, installed_cameras, is_virtual


def device(sysfs, number, *, name="Integrated Camera", driver="uvcvideo", bus="pci0000:00/usb1/1-4"):
    """Lay out a device as the kernel does: class link to the device, device link to its driver."""
    place = sysfs / "devices" / bus / "video4linux" / f"video{number}"
    place.mkdir(parents=True)
    (place / "name").write_text(f"{name}\n")
    classes = sysfs / "class" / "video4linux"
    classes.mkdir(parents=True, exist_ok=True)
    (classes / f"video{number}").symlink_to(place)
    if driver:
        home = sysfs / "bus" / "drivers" / driver
        home.mkdir(parents=True, exist_ok=True)
        parent = sysfs / "devices" / bus
        (parent / "driver").symlink_to(home)
        (place / "device").symlink_to(parent)
    return sysfs


def linux(spec, sysfs):
    return classify(spec, sysfs=sysfs, platform="linux")


def test_a_usb_camera_is_physical(tmp_path):
    info = linux("2", device(tmp_path, 2))
    assert (info.kind, info.physical, info.index) == ("device", True, 2)
    assert (info.name, info.driver) == ("Integrated Camera", "uvcvideo")
    assert linux("/dev/video2", tmp_path) == info


@pytest.mark.parametrize(
    ("name", "driver", "bus"),
    [
        ("Dummy video device (0x0000)", "", "virtual"),
        ("Logitech C920", "", "virtual"),  # renamed v4l2loopback: still on no bus
        ("OBS Virtual Camera", "v4l2 loopback", "virtual"),
        ("OBS Virtual Camera", "uvcvideo", "pci0000:00/usb1/1-4"),
        ("vivid-000-vid-cap", "vivid", "platform/vivid.0"),
        ("ManyCam", "akvcam", "platform/akvcam"),
    ],
)
def test_virtual_cameras_are_not(tmp_path, name, driver, bus):
    assert not linux("0", device(tmp_path, 0, name=name, driver=driver, bus=bus)).physical


def test_a_number_without_a_device_is_absent(tmp_path):
    info = linux("7", tmp_path)
    assert not info.present
    assert not info.physical


@pytest.mark.parametrize(
    ("name", "virtual"),
    [
        ("OBSBOT Tiny 2", False),
        ("OBS-Camera", True),
        ("obs virtual camera", True),
        ("Snap Camera", True),
        ("Snapdragon Camera", False),
        ("USB2.0 HD UVC WebCam", False),
        ("HD Pro Webcam C920", False),
        ("e2eSoft VCam", True),
        ("Camo", True),
        ("Camouflage 4K", False),
    ],
)
def test_names(name, virtual):
    assert is_virtual(name, "") is virtual


def test_elsewhere_one_virtual_camera_makes_every_index_doubtful():
    for platform in ("win32", "darwin"):
        good = classify("1", platform=platform, list_names=lambda: ["HP Camera", "C920"])
        assert good.physical
        assert good.name == "C920"
        assert not classify(
            "0", platform=platform, list_names=lambda: ["HP Camera", "OBS Virtual Camera"]
        ).physical
        assert classify("0", platform=platform, list_names=list).physical


def test_what_is_installed(tmp_path):
    assert installed_cameras(sysfs=tmp_path, platform="linux") == ()
    device(tmp_path, 10)
    device(tmp_path, 2, name="OBS", driver="", bus="virtual")
    assert [
        (camera.index, camera.physical) for camera in installed_cameras(sysfs=tmp_path, platform="linux")
    ] == [
        (2, False),
        (10, True),
    ]
    assert installed_cameras(platform="darwin") == ()


def test_recordings(tmp_path):
    file = tmp_path / "a.mp4"
    file.touch()
    kinds = {
        str(file): "file",
        str(tmp_path): "sequence",
        str(tmp_path / "f%04d.jpg"): "sequence",
        "http://127.0.0.1/x.mjpeg": "url",
        "rtsp://127.0.0.1/x": "url",
        "x" * 5000: "file",
        "a\0b": "file",
        "": "sequence",
    }
    for spec, kind in kinds.items():
        info = classify(spec, sysfs=tmp_path)
        assert (info.kind, info.physical) == (kind, False), spec[:40]
    assert not classify("x" * 5000).present


def test_links_to_devices_count_as_devices(tmp_path):
    link = tmp_path / "exam-camera"
    link.symlink_to("/dev/video3")
    assert device_index(str(link)) == 3
    assert device_index("/dev/video10") == 10
    assert device_index("٣") is None
    assert device_index("/dev/videofoo") is None
