"""Binary weights

A weight of one bit, 1 or -1, and a scale for each neuron: additions and subtractions of spikes are all that is left.
The method sei trains such networks, with latent weights that decide the sign. Once trained they are packed.
"""
import os
import tempfile

import show
import snn

given = show.arguments()

# %% Train
ctx = snn.Context(seed=1)
train, test = show.images(ctx, given)
net = snn.Network.build(ctx, "binary-mlp", train.shape, train.classes)
trainer = snn.Trainer(net, snn.Optimizer(ctx, "adam", lr=1e-3), "sei", batch=128, steps=4)
trainer.fit(train, given.epochs, progress=False)
accuracy = trainer.evaluate(test).accuracy
print(net)
print(f"accuracy {accuracy:.3f}")

# %% Pack
with tempfile.TemporaryDirectory() as folder:
    whole, packed = os.path.join(folder, "whole.snn"), os.path.join(folder, "packed.snn")
    net.save(whole)
    net.save_packed(packed)
    small = snn.Network.load(ctx, packed)
    print(f"{os.path.getsize(whole):,} bytes with latent weights, {os.path.getsize(packed):,} packed")
print("the same accuracy:", snn.Evaluator(small, batch=128, steps=4).evaluate(test).accuracy == accuracy)

# %% Look at them
# 64 x 64 weights of the first binary layer, before they were packed and after.
latent, signs = net.layer("fc2").tensor("weight")[:64, :64], small.layer("fc2").tensor("weight")[:64, :64]
figure, places = show.axes(2)
if figure:
    for place, weights, title in zip(places, (latent, signs), ("latent weights", "one bit and a scale for each row")):
        place.imshow(weights, cmap="RdBu", vmin=-abs(weights).max(), vmax=abs(weights).max())
        place.set_title(title, fontsize="medium")
        place.set_axis_off()
show.finish(figure, "6_signs", given)
