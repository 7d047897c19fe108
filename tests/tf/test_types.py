"""tf.types: annotations, and objects that say when calls share a trace."""

import kerasish.tf as tf

experimental = tf.types.experimental


class _Kind(experimental.TraceType):
    def __init__(self, kind):
        self.kind = kind

    def is_subtype_of(self, other):
        return self == other

    def most_specific_common_supertype(self, others):
        return self if all(self == other for other in others) else None

    def __eq__(self, other):
        return type(other) is _Kind and self.kind is other.kind

    def __hash__(self):
        return hash(self.kind)


class Fruit:
    def __tf_tracing_type__(self, context):
        return _Kind(type(self))


class Apple(Fruit):
    flavor = tf.constant([1, 2])


class Mango(Fruit):
    flavor = tf.constant([3, 4])


def test_objects_say_when_calls_share_a_trace(capsys):
    @tf.function
    def mixed(a, b):
        print("tracing")
        return a.flavor + b.flavor

    for _ in range(2):
        assert mixed(Apple(), Mango()).numpy().tolist() == [4, 6]
    assert mixed(Mango(), Mango()).numpy().tolist() == [6, 8]
    assert capsys.readouterr().out == "tracing\n" * 2
    assert isinstance(Apple(), experimental.SupportsTracingProtocol)


def test_types_for_annotations_know_their_values():
    assert isinstance(tf.constant(1), experimental.TensorLike)
    assert isinstance([1.0], experimental.TensorLike)
    assert not isinstance(Apple(), experimental.TensorLike)
    assert isinstance(tf.function(lambda x: x), experimental.GenericFunction)
    concrete = tf.function(lambda x: x).get_concrete_function(tf.constant(1))
    assert isinstance(concrete, experimental.ConcreteFunction)
