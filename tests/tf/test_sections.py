"""What has no recorded results: critical sections, shuffling queues, system configuration, transforms over any axes."""

import numpy as np
import pytest

from kerasish import tf


def test_a_critical_section_gives_the_functions_result():
    section = tf.CriticalSection(name="a")
    assert section.name == "a"
    assert int(section.execute(lambda: tf.constant(3))) == 3


def test_a_shuffling_queue_keeps_some_back():
    queue = tf.queue.RandomShuffleQueue(5, 1, [tf.int32], shapes=[[]], seed=1)
    queue.enqueue_many([[1, 2, 3]])
    taken = [int(queue.dequeue()) for _ in range(2)]
    queue.close()
    assert sorted([*taken, int(queue.dequeue())]) == [1, 2, 3]


def test_the_folders_of_torch_are_there():
    assert tf.sysconfig.get_include().endswith("include")
    assert any(flag.startswith("-I") for flag in tf.sysconfig.get_compile_flags())
    assert tf.sysconfig.get_build_info()["is_tensorrt_build"] is False


def test_transforms_over_any_axes():
    x = np.arange(12.0, dtype=np.float32).reshape(3, 4)
    np.testing.assert_allclose(tf.signal.rfftnd(x), np.fft.rfftn(x), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        tf.signal.fftnd(x.astype(np.complex64), fft_length=[2], axes=[0]), np.fft.fftn(x, s=[2], axes=[0]), atol=1e-4
    )
    back = tf.signal.irfftnd(tf.signal.rfftnd(x), fft_length=[3, 4], axes=[0, 1])
    np.testing.assert_allclose(back, x, atol=1e-4)


def test_parallel_stack():
    made = tf.function(lambda x: tf.parallel_stack([x, x + 2]))(tf.constant([1, 2]))
    np.testing.assert_array_equal(made, [[1, 2], [3, 4]])
    with pytest.raises(RuntimeError, match="eager"):
        tf.parallel_stack([[1, 2], [3, 4]])


def test_traces_of_the_profiler(tmp_path):
    with pytest.raises(ValueError, match="Must enable trace"):
        tf.summary.trace_export("a", step=0)
    tf.summary.trace_on(graph=True, profiler=True, profiler_outdir=str(tmp_path))
    tf.constant([1.0]) + 1.0
    tf.summary.trace_export("a", step=0)
    assert list(tmp_path.rglob("*.trace.json"))
    tf.summary.trace_on(graph=True)
    tf.summary.trace_off()


def test_small_names():
    assert tf.saved_model.Asset("a.txt").asset_path.numpy() == b"a.txt"
    best = tf.approx_top_k(tf.constant([1.0, 3.0, 2.0]), 2)
    np.testing.assert_array_equal(best.indices, [1, 2])
    assert tf.config.experimental.get_device_policy() == "silent"
    with pytest.raises(NotImplementedError, match="in silence"):
        tf.config.experimental.set_device_policy("explicit")
    with tf.compat.forward_compatibility_horizon(2030, 1, 1):
        assert tf.compat.forward_compatible(2020, 1, 1)
    assert tf.autograph.experimental.Feature.LISTS.value == "LISTS"
    tf.autograph.experimental.set_loop_options(maximum_iterations=3)  # outside of a loop it says nothing


def test_what_tf_device_gives_tells_its_name_and_may_be_entered_again():
    context = tf.device("/CPU:0")
    assert context._device_name == "/CPU:0"
    for _ in range(2):
        with context, context:
            assert tf.ones(1).device.endswith("CPU:0")
