"""Calculus: functions that make functions, of derivatives of any order."""

from . import fast as _fast  # noqa: F401 - it gives Dual its operators in their fast form
from .checking import Check, check_grad, gradcheck
from .checkpointing import checkpoint
from .constants import stop_gradient
from .forward import jvp, linearize
from .implicit import fixed_point, root
from .jacobians import hessian, hvp, jacfwd, jacobian, jacrev
from .reverse import grad, value_and_grad, vjp
from .rows import vmap
from .scans import scan, while_loop
from .sparse import sparse_hessian, sparse_jacobian
from .sparsity import Sparsity, sparsity
from .taylor import jet

__all__ = [
    "Check",
    "Sparsity",
    "check_grad",
    "checkpoint",
    "fixed_point",
    "grad",
    "gradcheck",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jet",
    "jvp",
    "linearize",
    "root",
    "scan",
    "sparse_hessian",
    "sparse_jacobian",
    "sparsity",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "vmap",
    "while_loop",
]
