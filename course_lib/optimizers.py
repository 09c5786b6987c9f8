"""The optimizers that recipes name. SGD and AdamW are torch's; Muon is new enough to be worth reading."""

import torch
from torch import Tensor


class Muon(torch.optim.Optimizer):
    """Momentum whose step is made orthogonal: every direction that a filter bank can move in gets the same length.

    For weights of two or more axes; a convolution's (C_out, C_in, k_h, k_w) counts as the matrix
    (C_out, C_in k_h k_w). After K. Jordan et al. 2024, "Muon: an optimizer for hidden layers", with the filters
    kept at a fixed norm as his CIFAR-10 speed run does: what then matters is the angle of a step alone.
    torch.optim.Muon takes matrices only, and no torch before 2.9 has it.
    """

    def __init__(self, parameters, lr: float, momentum: float = 0.6):
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                velocity = self.state[weight].setdefault("velocity", torch.zeros_like(weight.grad))
                velocity.mul_(group["momentum"]).add_(weight.grad)
                nesterov = weight.grad.add(velocity, alpha=group["momentum"])
                weight.mul_(len(weight) ** 0.5 / weight.norm())
                weight.add_(orthogonal(nesterov.flatten(1)).view(weight.shape), alpha=-group["lr"])


def orthogonal(matrix: Tensor, iterations: int = 3) -> Tensor:
    """The matrix (m, n) with its singular values all brought near 1, by Newton-Schulz iterations: products only.

    Each iteration maps a singular value s to a s + b s^3 + c s^5; the constants, Jordan's, favour speed:
    what comes out lies between about 0.7 and 1.2, which training does not mind.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = wide / (wide.norm() + 1e-7)
    for _ in range(iterations):
        gram = wide @ wide.T
        wide = torch.addmm(wide, torch.addmm(gram, gram, gram, beta=-4.7750, alpha=2.0315), wide, beta=3.4445)
    return wide if matrix.shape[0] <= matrix.shape[1] else wide.T
