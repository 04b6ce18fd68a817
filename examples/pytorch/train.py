"""Tell points inside a circle from those around it; alone, or under torchrun as many processes."""

import torch
import torch.distributed as dist

import ledger
from ledger.integrations.pytorch import start


config = {"lr": 0.05, "width": 16, "epochs": 20, "radius": 0.8, "seed": 1}
if dist.is_torchelastic_launched():
    dist.init_process_group("gloo")
rank = dist.get_rank() if dist.is_initialized() else 0
ledger.seed_everything(config["seed"] + rank)
points = torch.rand(256, 2) * 2 - 1
inside = (points.norm(dim=1) < config["radius"]).float().unsqueeze(1)
layers = [torch.nn.Linear(2, config["width"]), torch.nn.Tanh(), torch.nn.Linear(config["width"], 1)]
model = torch.nn.Sequential(*layers)
if dist.is_initialized():
    model = torch.nn.parallel.DistributedDataParallel(model)
optimizer = torch.optim.Adam(model.parameters(), lr=config["lr"])

options = {"seed": config["seed"], "objective": ("loss", "min"), "hypothesis": "16 units do"}
with start("circle", config=config, **options) as run:
    for epoch in range(config["epochs"]):
        guess = model(points)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(guess, inside)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run.log(epoch=epoch, loss=loss, accuracy=((guess > 0) == (inside > 0)).float().mean())
if dist.is_initialized():
    dist.destroy_process_group()
