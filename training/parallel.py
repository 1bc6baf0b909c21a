"""Training in several processes at once, as `torchrun` starts them; with one process everything here does nothing.

What one process would do, all do alike: they draw the same batch, make the same loss of it, take the same step. Only
what goes through `spread` is divided: there each process computes its rows and gets those of the others. So the loss
is that of the whole batch, whatever it is a mean of, and the codebooks' averages and the checkpoints are those of one
process. Models and batches live on the CPU, hence gloo.
"""

import atexit
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.rendezvous import rendezvous

from sdk.console import REFUSED
from sdk.errors import InvalidInput


def world() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Which of them this one is, 0..world()-1."""
    return dist.get_rank() if dist.is_initialized() else 0


def is_main() -> bool:
    """True for the one process that writes files and talks."""
    return rank() == 0


@contextmanager
def group() -> Iterator[None]:
    """Belong to the processes that `torchrun` started, for the length of a block or of a decorated function.

    What fails in several processes, or fails in one because another is gone, leaves the block in one process alone; the
    others exit without a word.
    """
    if not dist.is_torchelastic_launched():
        yield
        return
    done = False

    def leave() -> None:
        if done:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)

    # PyTorch's threads now and then abort a process that has done its work, while it takes itself apart; torchrun would
    # call the whole training failed.
    atexit.register(leave)
    store, number, count = next(iter(rendezvous("env://")))
    dist.init_process_group("gloo", store=store, rank=number, world_size=count)
    try:
        with _silence(number > 0):
            yield
        done = True
    except BaseException:
        if store.add("failed", 1) == 1:
            raise
        time.sleep(1)  # torchrun ends all as soon as one ends: leave the one that speaks its moment
        sys.exit(REFUSED)
    finally:
        dist.destroy_process_group()


@contextmanager
def _silence(wanted: bool) -> Iterator[None]:
    with ExitStack() as stack:
        if wanted:
            nowhere = stack.enter_context(open(os.devnull, "w"))
            stack.enter_context(redirect_stdout(nowhere))
            stack.enter_context(redirect_stderr(nowhere))
        yield


def wait() -> None:
    """Return when all processes have come here, for instance before a file is read that the main one writes."""
    if world() > 1:
        dist.barrier()


def check(batch: int, step: int) -> None:
    """Raises InvalidInput where a batch cannot be divided, or the processes are about to begin at different steps."""
    if batch % world():
        raise InvalidInput(f"a batch of {batch} cannot be divided among {world()} processes; choose a divisor of it")
    if world() > 1 and len(_gathered(torch.tensor([step])).unique()) > 1:
        raise InvalidInput("the processes found checkpoints of different steps; --run must be one folder for all")


def spread(run: Callable[..., Tensor], *whole: Tensor | None) -> Tensor:
    """`run(*whole)` with each process computing every world()-th row; all get all rows (B, ...) in their order.

    whole: tensors (B, ...) that are the same in all processes, B a multiple of their number, or None. Gradients are
    right after `average_gradients`. Dropout draws other numbers than in one process.
    """
    if world() == 1:
        return run(*whole)
    rows = [None if x is None else _Divide.apply(x) for x in whole]
    # Dropout differs between processes; what is drawn outside, for instance new codes, must not.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**62, ())) + rank())
        made = run(*rows)
    return _Join.apply(made)


def average_gradients(model: nn.Module) -> None:
    """Replace each process's gradients by the mean over all processes."""
    if world() == 1:
        return
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    dist.all_reduce(flat)
    flat /= world()
    for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def _gathered(own: Tensor) -> Tensor:
    """Every process's rows, in the order of the whole batch."""
    parts = [torch.empty_like(own, memory_format=torch.contiguous_format) for _ in range(world())]
    dist.all_gather(parts, own.contiguous())
    return torch.stack(parts, 1).flatten(0, 1)


# Outside `spread` a tensor's gradient is that of the whole batch, in every process. Inside it is world() times that of
# the own rows: the mean over the processes then is right for weights that are used inside, outside or in both.


class _Divide(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, whole: Tensor) -> Tensor:
        return whole[rank() :: world()].contiguous()

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return _gathered(gradient) / world()


class _Join(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, own: Tensor) -> Tensor:
        return _gathered(own)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return gradient[rank() :: world()] * world()
