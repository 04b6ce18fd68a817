# What ran in the kernel of this run, in this order, as it was typed.

# %% In [1]
import ledger
run = ledger.start('scaling', config={'lr': 0.1}, objective=('loss', 'min'), run_id='2026-02-03_1015_scaling-abcdefgh')

# %% In [2]
lr = 0.2

# %% In [3]
for epoch in range(3):
    run.log(epoch=epoch, loss=lr / (epoch + 1))

# %% In [4]
run.finish()
