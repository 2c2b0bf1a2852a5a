#pragma once
#include <zlib.h>

// These are macros around functions that take the structure's size; 16 more window bits ask for the gzip format.
static inline int slipway_deflate_init(z_stream *stream) {
    return deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
static inline int slipway_inflate_init(z_stream *stream) { return inflateInit2(stream, 15 + 16); }
// Deflate without a frame; negative window bits ask for it. Fast rather than small.
static inline int slipway_raw_deflate_init(z_stream *stream) {
    return deflateInit2(stream, Z_BEST_SPEED, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
}
