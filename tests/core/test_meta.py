import torch

from kerasish.core import meta


def guards():
    table = torch._decomp.global_decomposition_table["post_autograd"]
    return [inner for f in table.values() for inner in meta._behind_guards(f)]


def test_guards_wait_for_the_compiler(monkeypatch):
    meta.without_compiler()
    assert len(guards()) > 20, "torch has another way of guarding: is torch._dynamo imported by x * y on a meta tensor?"
    calls = []
    waiting = meta._waiting(lambda x: calls.append(x) or x + 1)
    monkeypatch.delitem(meta.sys.modules, "torch._dynamo", raising=False)
    assert waiting(1) == 2
    assert "torch._dynamo" not in meta.sys.modules


def test_guards_are_torchs_own_once_the_compiler_is_there():
    import torch._dynamo

    def double(x):
        return 2 * x

    setattr(double, meta._GUARDED, meta._waiting(double))
    assert getattr(double, meta._GUARDED)(3) == 6
    assert not hasattr(double, meta._GUARDED)
    assert getattr(meta._waiting(double), "__name__", "") == "guarded"
    compiled = torch.compile(lambda t: torch.mul(t, t) + 1, backend="eager")
    torch.testing.assert_close(compiled(torch.ones(2)), torch.full((2,), 2.0))
