"""Small networks with branches, for the tests of what draws networks."""

import torch
from torch import nn


def conv(channels_in, channels_out, kernel=3):
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2), nn.ReLU())


class Inception(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.branches = nn.ModuleList([
            conv(channels, width, 1), nn.Sequential(conv(channels, 2, 1), conv(2, width)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(channels, width, 1))])

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], 1)


class Dense(nn.Module):
    """Every layer names all maps so far."""

    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(conv(3 + 2 * n, 2) for n in range(layers))

    def forward(self, X):
        maps = [X]
        for layer in self.layers:
            maps.append(layer(torch.cat(maps, 1)))
        return torch.cat(maps, 1)


class Crossed(nn.Module):
    """Branches that no nesting can draw."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c, self.d = (conv(3, 3) for _ in range(4))

    def forward(self, X):
        left, right = self.a(X), self.b(X)
        return self.c(left + right) + self.d(left)
