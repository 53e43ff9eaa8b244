"""Images that stay on disk, by libsnn-images: data sets of JPEG and PNG files in folders or tar shards.

    from snn import images

    train = images.dataset(ctx, "images", "/data/imagenet", "train", size=224, brightness=0.4)
    train.normalise(*images.normalisation("imagenet"))
    x = images.Images(size=224).decode(open("cat.jpg", "rb").read())    # [3,224,224], from 0 to 1

Importing this module raises ImportError where libsnn-images is not there: it lies beside libsnn, or where
SNN_IMAGES_LIBRARY says."""

from ._image_sets import Images, Item, List, dataset, formats, layouts, normalisation

__all__ = ["Images", "Item", "List", "dataset", "formats", "layouts", "normalisation"]
