"""The course's widgets; each is loaded when it is first asked for."""

from importlib import import_module

_HOMES = {
    "ActivationBrowser": "activation_browser",
    "ArchitectureStrip": "architecture_strip",
    "AugmentationGrid": "augmentation_grid",
    "BatchNormHistogram": "batch_norm_histogram",
    "ChannelMixer": "channel_mixer",
    "ConfusionMatrix": "confusion_matrix",
    "ConvolutionStepper": "convolution_stepper",
    "CostCalculator": "cost_calculator",
    "CrudeToFine": "crude_to_fine",
    "DepthExplorer": "depth_explorer",
    "GradientFlow": "gradient_flow",
    "KernelPainter": "kernel_painter",
    "LabelsAgainstAccuracy": "labels_against_accuracy",
    "LearningRateLandscape": "learning_rate_landscape",
    "ParameterCounter": "parameter_counter",
    "Pooling": "pooling",
    "ReceptiveField": "receptive_field",
    "StrideExplorer": "stride_explorer",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
