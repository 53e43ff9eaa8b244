/* bytes.c - the bytes of an image: a file, or a part of a shard, which is read in place. */
#include "../disk.h"
#include "list.h"
#include "tar.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static snn_status fail_reason(int error)
{
    return snn_component_fail(SNN_ERR_IO, "%s", snn__errno_text(error).text);
}

/* A shard is as it was when it was listed. */
static bool is_same(const struct snn__image_place *place, const struct stat *st)
{
    return (uint64_t)st->st_size == place->size && (uint64_t)st->st_mtim.tv_sec == place->second &&
           (uint64_t)st->st_mtim.tv_nsec == place->nano;
}

/* Where in the file an item lies. */
static snn_status find_bytes(const struct snn__image_list *list, const struct snn__image_item *item, int file,
                             uint64_t *at, uint64_t *size)
{
    struct stat st;

    if (fstat(file, &st) != 0)
        return fail_reason(errno);
    if (!S_ISREG(st.st_mode))
        return snn_component_fail(SNN_ERR_IO, "it is no regular file");
    if (list->layout->shards && !is_same(&list->place[item->place], &st))
        return snn_component_fail(SNN_ERR_IO, "the shard has changed since it was listed; open the data set again");
    *at = list->layout->shards ? item->at : 0;
    *size = list->layout->shards ? item->size : (uint64_t)st.st_size;
    if (*size > SNN__IMAGE_BYTES_MOST)
        return snn_component_fail(SNN_ERR_FORMAT, "it has %llu bytes; at most %llu are read",
                                  (unsigned long long)*size, (unsigned long long)SNN__IMAGE_BYTES_MOST);
    return SNN_OK;
}

static snn_status read_bytes(const struct snn__image_list *list, const struct snn__image_item *item, int file,
                             uint8_t **out, size_t *size)
{
    uint64_t at = 0, length = 0;

    TRY(find_bytes(list, item, file, &at, &length));
    *out = snn_component_alloc(list->ctx, (size_t)length + 1, 1);
    if (*out == NULL)
        return SNN_ERR_MEMORY;
    *size = (size_t)length;
    if (snn__disk_read(file, *out, *size, at))
        return SNN_OK;
    snn_component_free(list->ctx, *out);
    *out = NULL;
    return snn_component_fail(SNN_ERR_IO, "it cannot be read, or became shorter");
}

snn_status snn__image_bytes(const struct snn__image_list *list, const struct snn__image_item *item, uint8_t **out,
                            size_t *size)
{
    char path[SNN__PATH_ROOM];
    snn_status rc;
    int file;

    *out = NULL;
    TRY(snn__image_path(list, item, path));
    file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is not waited for */
    if (file < 0)
        return fail_reason(errno);
    rc = read_bytes(list, item, file, out, size);
    close(file);
    return rc;
}

/* The member of a shard is named by its header, which no list keeps. */
void snn__image_name(const struct snn__image_list *list, const struct snn__image_item *item, char *name, size_t room)
{
    struct snn__tar tar;
    struct snn__tar_member member;
    char path[SNN__PATH_ROOM];
    bool found = false;

    if (snn__image_path(list, item, path) != SNN_OK)
        path[0] = '\0';
    snprintf(name, room, "%s", path);
    if (!list->layout->shards || snn__tar_open(&tar, path) != SNN_OK)
        return;
    tar.next = item->at - item->head;
    if (snn__tar_next(&tar, &member, &found) == SNN_OK && found && member.at == item->at)
        snprintf(name, room, "%s: %s", path, tar.name);
    snn__tar_close(&tar);
}
