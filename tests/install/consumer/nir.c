/* A program that uses libsnn-nir where it is installed: a network becomes a NIR graph and a network again. */
#include <snn/nir.h>
#include <stdio.h>

int main(void)
{
    const size_t shape[1] = { 2 };
    snn_nir_info info = SNN_NIR_INFO_INIT;
    snn_context *context = NULL;
    snn_network *network = NULL, *again = NULL;
    snn_nir *nir = NULL;
    snn_status rc = snn_context_create(&context, NULL);

    if (rc == SNN_OK)
        rc = snn_network_build(&network, context, "2-8-2", shape, 1, 2, NULL);
    if (rc == SNN_OK)
        rc = snn_network_prepare(network);
    if (rc == SNN_OK)
        rc = snn_nir_export(&nir, network, 1e-3);
    if (rc == SNN_OK)
        rc = snn_nir_get_info(nir, &info);
    if (rc == SNN_OK)
        rc = snn_nir_import(&again, nir, NULL);
    if (rc != SNN_OK)
        fprintf(stderr, "nir: %s: %s\n", snn_status_name(rc), snn_last_error());
    snn_network_destroy(again);
    snn_nir_destroy(nir);
    snn_network_destroy(network);
    snn_context_destroy(context);
    return rc == SNN_OK && info.nodes == 5 ? 0 : 1;
}
