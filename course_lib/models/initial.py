"""How the weights of the networks start."""

from torch import nn


def he_normal(model: nn.Module, linear: bool = False) -> None:
    """Every convolution from N(0, 2 / (weights that read one of its inputs)), in place; biases 0.

    K. He, X. Zhang, S. Ren, J. Sun: Delving deep into rectifiers, ICCV 2015 (arXiv:1502.01852), section 2.2, in the
    form that keeps gradients, not activations, at their size. With ``linear``, fully connected layers too; by
    default they start as torch has it.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d) or linear and isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
