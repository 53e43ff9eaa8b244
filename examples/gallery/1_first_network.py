"""A first network

Ten kinds of clothes, 28 x 28 pixels each, and a network of 800 spiking neurons that learns to tell them apart. It
reads an image for six time steps; the class is the output that got most in all of them.
"""
import show
import snn

given = show.arguments()

# %% Data and network
# A context holds the threads and the seed: the same seed gives the same network, bit for bit, with any number of
# threads. The network is named by its layers.
ctx = snn.Context(seed=1)
train, test = show.images(ctx, given)
net = snn.Network.build(ctx, "784-800-10", train.shape, train.classes)
print(net)

# %% Training
# The method ottt learns while time goes on: it keeps one trace for each input in place of the whole past.
trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.1, momentum=0.9), "ottt", batch=128, steps=6)
history = trainer.fit(train, given.epochs, validation=test)
for epoch in history:
    unseen = epoch.validation.accuracy
    print(f"epoch {epoch.number}: accuracy {epoch.train.accuracy:.3f}, of unseen images {unseen:.3f}")

figure, place = show.axes()
if figure:
    numbers = [epoch.number for epoch in history]
    place.plot(numbers, [epoch.train.accuracy for epoch in history], color=show.QUIET, label="training")
    place.plot(numbers, [epoch.validation.accuracy for epoch in history], color=show.ACCENT, label="unseen images")
    place.set(xlabel="epoch", ylabel="accuracy", xticks=numbers)
    place.legend(frameon=False)
show.finish(figure, "1_accuracy", given)

# %% One image
# The output is a number for each class.
image, label = test[0]
outputs = trainer.predict(image[None])[0]
print(f"class {outputs.argmax()}; the image shows class {label}")

figure, places = show.axes(2)
if figure:
    places[0].imshow(image[0], cmap="gray_r")
    places[0].set_axis_off()
    places[1].bar(range(len(outputs)), outputs, color=[show.ACCENT if i == label else show.QUIET
                                                       for i in range(len(outputs))])
    places[1].set(xlabel="class", ylabel="output", xticks=range(len(outputs)))
show.finish(figure, "1_image", given)
