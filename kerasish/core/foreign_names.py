"""Names that tensors of torch and arrays of NumPy have, and TensorFlow's have not."""

# Methods of torch.Tensor that change nothing, for code written for torch; TensorFlow has no attributes of these names.
TORCH_METHODS = frozenset(
    """abs all any argmax argmin bool byte chunk clamp clone contiguous cpu cuda cumsum data_ptr detach dim double
    element_size exp expand flatten float gather half int is_contiguous is_floating_point item log log_softmax long
    masked_fill matmul max mean min narrow nelement numel permute pow prod relu repeat reshape select sigmoid sin size
    softmax split sqrt squeeze std storage_offset stride sum tanh to tolist transpose type type_as unbind unsqueeze var
    view view_as where xpu retain_grad register_hook unfold index_select norm t""".split()
)
TORCH_PROPERTIES = frozenset(("T", "grad_fn", "is_cuda", "is_leaf", "mT", "requires_grad", "is_sparse", "layout"))
NUMPY_NAMES = frozenset(("astype", "ravel", "tolist", "data"))
