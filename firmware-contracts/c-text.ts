/** The parts of the C sources that are the same whatever the contracts say. */
export const headerBegin = (limits: { maxTopicLength: number; maxPayloadBytes: number; maxBatchItems: number }) => `/*
 * Steppewatch device contracts, version 1. Made from the contracts; do not edit.
 * C99. No allocation, no library beyond memcpy, memmove and strlen.
 */
#ifndef STEPPEWATCH_H
#define STEPPEWATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SW_VERSION 1
#define SW_DEVICE_ID_MAX 32
#define SW_TOPIC_MAX ${limits.maxTopicLength}
#define SW_PAYLOAD_MAX ${limits.maxPayloadBytes}
#define SW_BATCH_MAX ${limits.maxBatchItems}
/* Printable ASCII; the first character is no space. */
#define SW_TEXT_MAX 32

/* In every report. */
#define SW_KEY_V 1
#define SW_KEY_BOOT 2
#define SW_KEY_SEQ 3
#define SW_KEY_AGE 4
#define SW_KEY_AT 5
typedef struct {
  uint32_t boot;
  uint32_t seq;
  double age; /* s */
  bool has_at;
  uint64_t at; /* ms */
} sw_every;

/* up/{device}/{report}, up/{device}/batch and down/{device}/#, with a final zero. 0: it does not fit, or the id is none. */
size_t sw_topic_up(char *topic, size_t size, const char *device, const char *report);
size_t sw_topic_down(char *topic, size_t size, const char *device);

/*
 * Adds a report that was encoded before to a batch of length bytes; 0 begins one. The new length; 0: it does not fit into size, the batch
 * holds SW_BATCH_MAX, or the payload is none of ours. Call it with the oldest report first.
 */
size_t sw_batch_add(uint8_t *batch, size_t length, size_t size, const char *report, const uint8_t *payload, size_t payload_length);`;

export const headerEnd = `
#endif`;

export const encoderBegin = `/* Steppewatch device contracts, version 1. Made from the contracts; do not edit. See steppewatch.h. */
#include "steppewatch.h"

#include <string.h>

enum { UNSIGNED = 0, NEGATIVE = 1, BYTES = 2, TEXT = 3, LIST = 4, MAP = 5 };

typedef struct {
  uint8_t *bytes;
  size_t size;
  size_t length;
  bool is_full;
} writer;

static void put(writer *w, uint8_t byte) {
  if (w->length < w->size)
    w->bytes[w->length++] = byte;
  else
    w->is_full = true;
}

static void big_endian(writer *w, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) put(w, (uint8_t)(value >> shift));
}

/* The shortest form, as RFC 8949 asks of deterministic encoders. */
static void head(writer *w, int major, uint64_t value) {
  uint8_t first = (uint8_t)(major << 5);
  if (value < 24u) {
    put(w, (uint8_t)(first | value));
  } else if (value <= 0xffu) {
    put(w, (uint8_t)(first | 24u));
    big_endian(w, value, 1);
  } else if (value <= 0xffffu) {
    put(w, (uint8_t)(first | 25u));
    big_endian(w, value, 2);
  } else if (value <= 0xffffffffu) {
    put(w, (uint8_t)(first | 26u));
    big_endian(w, value, 4);
  } else {
    put(w, (uint8_t)(first | 27u));
    big_endian(w, value, 8);
  }
}

static void key(writer *w, unsigned number) { head(w, UNSIGNED, number); }

static void flag(writer *w, bool value) { put(w, value ? 0xf5u : 0xf4u); }

/* A half holds the value when its exponent fits and the last 13 bits of the fraction are zero. */
static bool half(uint32_t single, uint16_t *bits) {
  int exponent = (int)((single >> 23) & 0xffu) - 127;
  uint32_t fraction = single & 0x7fffffu;
  uint16_t sign = (uint16_t)((single >> 16) & 0x8000u);
  if (exponent >= -14 && exponent <= 15 && (fraction & 0x1fffu) == 0u) {
    *bits = (uint16_t)(sign | (uint16_t)((unsigned)(exponent + 15) << 10) | (uint16_t)(fraction >> 13));
    return true;
  }
  if (exponent >= -24 && exponent < -14 && fraction == 0u) {
    *bits = (uint16_t)(sign | (uint16_t)(1u << (24 + exponent)));
    return true;
  }
  return false;
}

/* Whole numbers as integers, everything else as the shortest float that holds it. */
static void number(writer *w, double value) {
  const double beyond = 9007199254740992.0;
  if (value > -beyond && value < beyond && (double)(int64_t)value == value) {
    if (value < 0)
      head(w, NEGATIVE, (uint64_t)(-(int64_t)value) - 1u);
    else
      head(w, UNSIGNED, (uint64_t)value);
    return;
  }
  float narrow = (float)value;
  uint32_t single;
  uint16_t bits;
  memcpy(&single, &narrow, sizeof single);
  if ((double)narrow < value || (double)narrow > value) {
    uint64_t wide;
    memcpy(&wide, &value, sizeof wide);
    put(w, 0xfbu);
    big_endian(w, wide, 8);
  } else if (half(single, &bits)) {
    put(w, 0xf9u);
    big_endian(w, bits, 2);
  } else {
    put(w, 0xfau);
    big_endian(w, single, 4);
  }
}

static void text(writer *w, const char *value) {
  size_t length = strlen(value);
  head(w, TEXT, length);
  for (size_t at = 0; at < length; at++) put(w, (uint8_t)value[at]);
}

/* What is none of the words leaves no report at all. */
static void word(writer *w, const char *const *words, size_t count, unsigned index) {
  if (index < count)
    text(w, words[index]);
  else
    w->is_full = true;
}

static void texts(writer *w, const char *const *values, size_t count) {
  head(w, LIST, count);
  for (size_t at = 0; at < count; at++) text(w, values[at]);
}

static void numbers(writer *w, const double *values, size_t count) {
  head(w, LIST, count);
  for (size_t at = 0; at < count; at++) number(w, values[at]);
}

/* Sixteen bits each, the low byte first. */
static void samples(writer *w, const int16_t *values, size_t count) {
  head(w, BYTES, 2u * count);
  for (size_t at = 0; at < count; at++) {
    uint16_t value = (uint16_t)values[at];
    put(w, (uint8_t)(value & 0xffu));
    put(w, (uint8_t)(value >> 8));
  }
}

/* The map with what every report carries, and the number of its own fields. */
static void begin(writer *w, const sw_every *every, unsigned own) {
  head(w, MAP, own + (every->has_at ? 5u : 4u));
  key(w, SW_KEY_V);
  head(w, UNSIGNED, SW_VERSION);
  key(w, SW_KEY_BOOT);
  head(w, UNSIGNED, every->boot);
  key(w, SW_KEY_SEQ);
  head(w, UNSIGNED, every->seq);
  key(w, SW_KEY_AGE);
  number(w, every->age);
  if (every->has_at) {
    key(w, SW_KEY_AT);
    head(w, UNSIGNED, every->at);
  }
}

static size_t written(const writer *w) { return w->is_full ? 0u : w->length; }

static bool is_device(const char *device) {
  size_t length = strlen(device);
  if (length == 0u || length > SW_DEVICE_ID_MAX) return false;
  for (size_t at = 0; at < length; at++) {
    char c = device[at];
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') return false;
  }
  return true;
}

static size_t topic_of(char *topic, size_t size, const char *const parts[3]) {
  size_t length = 0;
  if (!is_device(parts[1])) return 0;
  for (int part = 0; part < 3; part++) {
    size_t more = strlen(parts[part]);
    if (length + more + 1u > size || length + more > SW_TOPIC_MAX) return 0;
    memcpy(topic + length, parts[part], more);
    length += more;
    if (part == 1) {
      if (length + 2u > size) return 0;
      topic[length++] = '/';
    }
  }
  topic[length] = '\\0';
  return length;
}

size_t sw_topic_up(char *topic, size_t size, const char *device, const char *report) {
  const char *const parts[3] = {"up/", device, report};
  return topic_of(topic, size, parts);
}

size_t sw_topic_down(char *topic, size_t size, const char *device) {
  const char *const parts[3] = {"down/", device, "#"};
  return topic_of(topic, size, parts);
}

/* A report is a map of fewer than 23 fields, which its first byte counts; in a batch its name is one more, under key 0. */
size_t sw_batch_add(uint8_t *batch, size_t length, size_t size, const char *report, const uint8_t *payload, size_t payload_length) {
  size_t count = length == 0u ? 0u : batch[0] == 0x98u ? batch[1] : batch[0] & 0x1fu;
  if (count == SW_BATCH_MAX || payload_length < 1u || payload[0] < 0xa0u || payload[0] > 0xb6u) return 0;
  if (count == 0u) length = 1;
  /* From 24 on the count has a byte of its own. */
  bool is_longer = count == 23u;
  writer w = {batch, size, length + (is_longer ? 1u : 0u), false};
  if (w.length > size) return 0;
  put(&w, (uint8_t)(payload[0] + 1u));
  key(&w, 0);
  text(&w, report);
  for (size_t at = 1; at < payload_length; at++) put(&w, payload[at]);
  if (w.is_full) return 0;
  if (is_longer) {
    /* Nothing of the batch was touched before it was known to fit; the first new byte waits behind the old ones. */
    memmove(batch + 2, batch + 1, length - 1u);
  }
  writer first = {batch, 2, 0, false};
  head(&first, LIST, count + 1u);
  return w.length;
}`;
