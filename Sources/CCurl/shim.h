#pragma once
#include <curl/curl.h>
#include <stdbool.h>

// curl_easy_setopt and curl_easy_getinfo take variable arguments, which Swift cannot call.
typedef size_t (*slipway_curl_write)(char *data, size_t size, size_t count, void *context);

static inline CURLcode slipway_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode slipway_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode slipway_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode slipway_curl_set_write(CURL *handle, CURLoption option, slipway_curl_write function) {
    return curl_easy_setopt(handle, option, function);
}
static inline CURLcode slipway_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode slipway_curl_get_string(CURL *handle, CURLINFO info, char **value) {
    return curl_easy_getinfo(handle, info, value);
}

// Whether the last answer, a 401, offers the Basic scheme.
static inline bool slipway_curl_takes_basic(CURL *handle) {
    long offered = 0;
    return curl_easy_getinfo(handle, CURLINFO_HTTPAUTH_AVAIL, &offered) == CURLE_OK && (offered & CURLAUTH_BASIC);
}

// These constants are casts, which Swift does not import.
static inline CURLcode slipway_curl_use_basic(CURL *handle) {
    return curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
}
static inline CURLcode slipway_curl_use_bearer(CURL *handle) {
    return curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
}
