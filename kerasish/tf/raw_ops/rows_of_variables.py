"""Rows of ``table`` for operations on variables, which are given as they are or as ``variable.handle``."""

ROWS = """
# values and parts
AssignAddVariableOp(resource, value) -> variables.add
AssignSubVariableOp(resource, value) -> variables.subtract
AssignVariableOp(resource, value, validate_shape=False) -> variables.write
ReadVariableOp(resource, dtype) -> variables.read
VarIsInitializedOp(resource) -> variables.is_initialized
VariableShape(input, out_type=int32) -> variables.shape
ResourceCountUpTo(resource, limit, T) -> variables.count_up_to
ResourceGather(resource, indices, dtype, batch_dims=0, validate_indices=True)
    -> variables.gather(resource, indices, dtype, batch_dims)
ResourceGatherNd(resource, indices, dtype) -> variables.gather_nd
ResourceScatterAdd(resource, indices, updates) -> variables.scatter('add', resource, indices, updates)
ResourceScatterDiv(resource, indices, updates) -> variables.scatter('div', resource, indices, updates)
ResourceScatterMax(resource, indices, updates) -> variables.scatter('max', resource, indices, updates)
ResourceScatterMin(resource, indices, updates) -> variables.scatter('min', resource, indices, updates)
ResourceScatterMul(resource, indices, updates) -> variables.scatter('mul', resource, indices, updates)
ResourceScatterSub(resource, indices, updates) -> variables.scatter('sub', resource, indices, updates)
ResourceScatterUpdate(resource, indices, updates) -> variables.scatter('update', resource, indices, updates)
ResourceScatterNdAdd(ref, indices, updates, use_locking=True, bad_indices_policy='')
    -> variables.scatter_nd('add', ref, indices, updates, bad_indices_policy)
ResourceScatterNdMax(ref, indices, updates, use_locking=True, bad_indices_policy='')
    -> variables.scatter_nd('max', ref, indices, updates, bad_indices_policy)
ResourceScatterNdMin(ref, indices, updates, use_locking=True, bad_indices_policy='')
    -> variables.scatter_nd('min', ref, indices, updates, bad_indices_policy)
ResourceScatterNdSub(ref, indices, updates, use_locking=True, bad_indices_policy='')
    -> variables.scatter_nd('sub', ref, indices, updates, bad_indices_policy)
ResourceScatterNdUpdate(ref, indices, updates, use_locking=True, bad_indices_policy='')
    -> variables.scatter_nd('update', ref, indices, updates, bad_indices_policy)
ResourceStridedSliceAssign(ref, begin, end, strides, value, begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0,
        shrink_axis_mask=0)
        -> variables.set_slice
TensorStridedSliceUpdate(input, begin, end, strides, value, begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0,
        shrink_axis_mask=0)
        -> variables.slice_set

# optimizers
ResourceApplyAdaMax(var, m, v, beta1_power, lr, beta1, beta2, epsilon, grad, use_locking=False) -> variables.ada_max
ResourceApplyAdadelta(var, accum, accum_update, lr, rho, epsilon, grad, use_locking=False) -> variables.adadelta
ResourceApplyAdagrad(var, accum, lr, grad, use_locking=False, update_slots=True) -> variables.adagrad
ResourceApplyAdagradDA(var, gradient_accumulator, gradient_squared_accumulator, grad, lr, l1, l2, global_step,
        use_locking=False)
        -> variables.adagrad_da
ResourceApplyAdagradV2(var, accum, lr, epsilon, grad, use_locking=False, update_slots=True) -> variables.adagrad_v2
ResourceApplyAdam(var, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad, use_locking=False,
        use_nesterov=False)
        -> variables.adam
ResourceApplyAdamWithAmsgrad(var, m, v, vhat, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad,
        use_locking=False)
        -> variables.adam_with_amsgrad
ResourceApplyAddSign(var, m, lr, alpha, sign_decay, beta, grad, use_locking=False) -> variables.add_sign
ResourceApplyCenteredRMSProp(var, mg, ms, mom, lr, rho, momentum, epsilon, grad, use_locking=False)
    -> variables.centered_rms_prop
ResourceApplyFtrl(var, accum, linear, grad, lr, l1, l2, lr_power, use_locking=False,
        multiply_linear_by_lr=False)
        -> variables.ftrl
ResourceApplyFtrlV2(var, accum, linear, grad, lr, l1, l2, l2_shrinkage, lr_power, use_locking=False,
        multiply_linear_by_lr=False)
        -> variables.ftrl_v2
ResourceApplyGradientDescent(var, alpha, delta, use_locking=False) -> variables.gradient_descent
ResourceApplyKerasMomentum(var, accum, lr, grad, momentum, use_locking=False, use_nesterov=False)
    -> variables.keras_momentum
ResourceApplyMomentum(var, accum, lr, grad, momentum, use_locking=False, use_nesterov=False) -> variables.momentum
ResourceApplyPowerSign(var, m, lr, logbase, sign_decay, beta, grad, use_locking=False) -> variables.power_sign
ResourceApplyProximalAdagrad(var, accum, lr, l1, l2, grad, use_locking=False) -> variables.proximal_adagrad
ResourceApplyProximalGradientDescent(var, alpha, l1, l2, delta, use_locking=False) -> variables.proximal_gradient_descent
ResourceApplyRMSProp(var, ms, mom, lr, rho, momentum, epsilon, grad, use_locking=False) -> variables.rms_prop
ResourceSparseApplyAdadelta(var, accum, accum_update, lr, rho, epsilon, grad, indices, use_locking=False)
    -> variables.adadelta.rows(indices, var, accum, accum_update, lr, rho, epsilon, grad, use_locking)
ResourceSparseApplyAdagrad(var, accum, lr, grad, indices, use_locking=False, update_slots=True)
    -> variables.adagrad.rows(indices, var, accum, lr, grad, use_locking, update_slots)
ResourceSparseApplyAdagradDA(var, gradient_accumulator, gradient_squared_accumulator, grad, indices, lr, l1, l2,
        global_step, use_locking=False)
        -> variables.adagrad_da.rows(indices, var, gradient_accumulator, gradient_squared_accumulator, grad, lr, l1, l2,
            global_step, use_locking)
ResourceSparseApplyAdagradV2(var, accum, lr, epsilon, grad, indices, use_locking=False, update_slots=True)
    -> variables.adagrad_v2.rows(indices, var, accum, lr, epsilon, grad, use_locking, update_slots)
ResourceSparseApplyCenteredRMSProp(var, mg, ms, mom, lr, rho, momentum, epsilon, grad, indices,
        use_locking=False)
        -> variables.centered_rms_prop.rows(indices, var, mg, ms, mom, lr, rho, momentum, epsilon, grad, use_locking)
ResourceSparseApplyFtrl(var, accum, linear, grad, indices, lr, l1, l2, lr_power, use_locking=False,
        multiply_linear_by_lr=False)
        -> variables.ftrl.rows(indices, var, accum, linear, grad, lr, l1, l2, lr_power, use_locking,
            multiply_linear_by_lr)
ResourceSparseApplyFtrlV2(var, accum, linear, grad, indices, lr, l1, l2, l2_shrinkage, lr_power,
        use_locking=False, multiply_linear_by_lr=False)
        -> variables.ftrl_v2.rows(indices, var, accum, linear, grad, lr, l1, l2, l2_shrinkage, lr_power, use_locking,
            multiply_linear_by_lr)
ResourceSparseApplyKerasMomentum(var, accum, lr, grad, indices, momentum, use_locking=False, use_nesterov=False)
    -> variables.keras_momentum.rows(indices, var, accum, lr, grad, momentum, use_locking, use_nesterov)
ResourceSparseApplyMomentum(var, accum, lr, grad, indices, momentum, use_locking=False, use_nesterov=False)
    -> variables.momentum.rows(indices, var, accum, lr, grad, momentum, use_locking, use_nesterov)
ResourceSparseApplyProximalAdagrad(var, accum, lr, l1, l2, grad, indices, use_locking=False)
    -> variables.proximal_adagrad.rows(indices, var, accum, lr, l1, l2, grad, use_locking)
ResourceSparseApplyProximalGradientDescent(var, alpha, l1, l2, grad, indices, use_locking=False)
    -> variables.proximal_gradient_descent.rows(indices, var, alpha, l1, l2, grad, use_locking)
ResourceSparseApplyRMSProp(var, ms, mom, lr, rho, momentum, epsilon, grad, indices, use_locking=False)
    -> variables.rms_prop.rows(indices, var, ms, mom, lr, rho, momentum, epsilon, grad, use_locking)
"""
