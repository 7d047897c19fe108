"""Windows by name: numbers from scipy.signal.get_window."""

import pytest
import torch

from kerasish.ops.signal_windows import NAMES, check_window, window

# The first half of the symmetric window of 7 elements, and what begins at the second of the one of 8.
RECORDED = [
    ("barthann", [0.0, 0.27, 0.73, 1.0], [0.2116453, 0.6017008, 0.9280825]),
    ("bartlett", [0.0, 0.3333333, 0.6666667, 1.0], [0.2857143, 0.5714286, 0.8571429]),
    ("blackman", [0.0, 0.13, 0.63, 1.0], [0.0904534, 0.459183, 0.9203636]),
    ("blackmanharris", [6e-05, 0.055645, 0.520575, 1.0], [0.0333917, 0.3328335, 0.8893698]),
    ("bohman", [0.0, 0.1089978, 0.6089978, 1.0], [0.0707247, 0.437484, 0.9103685]),
    ("boxcar", [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0]),
    ("cosine", [0.2225209, 0.6234898, 0.9009689, 1.0], [0.5555702, 0.8314696, 0.9807853]),
    ("exponential", [0.0497871, 0.1353353, 0.3678794, 1.0], [0.082085, 0.2231302, 0.6065307]),
    ("flattop", [-0.0004211, -0.0512632, 0.1982105, 1.0], [-0.0368408, 0.0107037, 0.7808739]),
    ("hamming", [0.08, 0.31, 0.77, 1.0], [0.2531947, 0.6423596, 0.9544457]),
    ("hann", [0.0, 0.25, 0.75, 1.0], [0.1882551, 0.6112605, 0.9504844]),
    ("lanczos", [0.0, 0.4134967, 0.8269933, 1.0], [0.3484106, 0.7241014, 0.9667664]),
    ("nuttall", [0.0003628, 0.0613345, 0.5292298, 1.0], [0.0377758, 0.3427276, 0.8918519]),
    ("parzen", [0.0058309, 0.1574344, 0.6501458, 1.0], [0.1054688, 0.4726562, 0.9179688]),
    ("taylor", [0.2900953, 0.5782126, 0.8780082, 1.0], [0.5149599, 0.7973015, 0.9756107]),
    ("triang", [0.25, 0.5, 0.75, 1.0], [0.375, 0.625, 0.875]),
    ("tukey", [0.0, 0.75, 1.0, 1.0], [0.6112605, 1.0, 1.0]),
]


@pytest.mark.parametrize(("name", "odd", "even"), RECORDED)
def test_windows_are_scipys(name, odd, even):
    whole = torch.tensor(odd + odd[-2::-1], dtype=torch.float64)
    torch.testing.assert_close(window(name, 7, periodic=False), whole, rtol=0, atol=1e-7)
    torch.testing.assert_close(window(name, 6, periodic=True), whole[:-1], rtol=0, atol=1e-7)
    expected = torch.tensor(even, dtype=torch.float64)
    torch.testing.assert_close(window(name, 8, periodic=False)[1:4], expected, rtol=0, atol=1e-7)
    assert window(name, 1, periodic=True).tolist() == [1.0]


def test_every_window_is_recorded_and_has_its_short_names():
    assert set(NAMES.values()) == {name for name, _, _ in RECORDED}
    assert torch.equal(window("tri", 5, False), window("triang", 5, False))


def test_unknown_windows_are_refused():
    for name in ("kaiser", "window", ""):
        with pytest.raises(ValueError, match="Invalid window name"):
            check_window(name)
