/* Steppewatch device contracts, version 1. Made from the contracts; do not edit. See steppewatch.h. */
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
  topic[length] = '\0';
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
}

static const char *const alarm_source_words[] = {"smoke", "heat", "co", "gas", "water"};
static const char *const alarm_state_words[] = {"on", "off", "hushed"};
size_t sw_encode_alarm(const sw_alarm *report, uint8_t *bytes, size_t size) {
  writer w = {bytes, size, 0, false};
  begin(&w, &report->every, 2u + (report->has_obscuration ? 1u : 0u) + (report->has_temperature ? 1u : 0u) + (report->has_co ? 1u : 0u) + (report->has_gas ? 1u : 0u));
  key(&w, 10);
  word(&w, alarm_source_words, sizeof alarm_source_words / sizeof *alarm_source_words, (unsigned)report->source);
  key(&w, 11);
  word(&w, alarm_state_words, sizeof alarm_state_words / sizeof *alarm_state_words, (unsigned)report->state);
  if (report->has_obscuration) {
    key(&w, 12);
    number(&w, report->obscuration);
  }
  if (report->has_temperature) {
    key(&w, 13);
    number(&w, report->temperature);
  }
  if (report->has_co) {
    key(&w, 14);
    number(&w, report->co);
  }
  if (report->has_gas) {
    key(&w, 15);
    number(&w, report->gas);
  }
  return written(&w);
}

static const char *const test_by_words[] = {"", "button", "self"};
static const char *const test_result_words[] = {"", "passed", "failed"};
size_t sw_encode_test(const sw_test *report, uint8_t *bytes, size_t size) {
  writer w = {bytes, size, 0, false};
  begin(&w, &report->every, 0u + (report->by != SW_TEST_BY_ABSENT ? 1u : 0u) + (report->result != SW_TEST_RESULT_ABSENT ? 1u : 0u));
  if (report->by != SW_TEST_BY_ABSENT) {
    key(&w, 10);
    word(&w, test_by_words, sizeof test_by_words / sizeof *test_by_words, (unsigned)report->by);
  }
  if (report->result != SW_TEST_RESULT_ABSENT) {
    key(&w, 11);
    word(&w, test_result_words, sizeof test_result_words / sizeof *test_result_words, (unsigned)report->result);
  }
  return written(&w);
}

static const char *const tamper_state_words[] = {"on", "off"};
size_t sw_encode_tamper(const sw_tamper *report, uint8_t *bytes, size_t size) {
  writer w = {bytes, size, 0, false};
  begin(&w, &report->every, 1u);
  key(&w, 10);
  word(&w, tamper_state_words, sizeof tamper_state_words / sizeof *tamper_state_words, (unsigned)report->state);
  return written(&w);
}

static const char *const position_source_words[] = {"gnss", "wifi", "cell", "none"};
size_t sw_encode_position(const sw_position *report, uint8_t *bytes, size_t size) {
  writer w = {bytes, size, 0, false};
  begin(&w, &report->every, 1u + (report->has_lat ? 1u : 0u) + (report->has_lon ? 1u : 0u) + (report->has_accuracy ? 1u : 0u) + (report->has_speed ? 1u : 0u));
  key(&w, 10);
  word(&w, position_source_words, sizeof position_source_words / sizeof *position_source_words, (unsigned)report->source);
  if (report->has_lat) {
    key(&w, 11);
    number(&w, report->lat);
  }
  if (report->has_lon) {
    key(&w, 12);
    number(&w, report->lon);
  }
  if (report->has_accuracy) {
    key(&w, 13);
    number(&w, report->accuracy);
  }
  if (report->has_speed) {
    key(&w, 14);
    number(&w, report->speed);
  }
  return written(&w);
}

static const char *const fall_state_words[] = {"suspected", "confirmed", "cancelled"};
size_t sw_encode_fall(const sw_fall *report, uint8_t *bytes, size_t size) {
  writer w = {bytes, size, 0, false};
  begin(&w, &report->every, 1u + (report->has_of ? 1u : 0u));
  key(&w, 10);
  word(&w, fall_state_words, sizeof fall_state_words / sizeof *fall_state_words, (unsigned)report->state);
  if (report->has_of) {
    key(&w, 11);
    head(&w, UNSIGNED, report->of);
  }
  return written(&w);
}

static const char *const motion_placement_words[] = {"", "wrist", "waist", "neck", "ankle", "other"};
size_t sw_encode_motion(const sw_motion *report, uint8_t *bytes, size_t size) {
  writer w = {bytes, size, 0, false};
  begin(&w, &report->every, 2u + (report->has_rate ? 1u : 0u) + (report->has_dt ? 1u : 0u) + (report->has_range ? 1u : 0u) + (report->placement != SW_MOTION_PLACEMENT_ABSENT ? 1u : 0u) + (report->has_of ? 1u : 0u) + (report->has_part ? 1u : 0u) + (report->has_parts ? 1u : 0u));
  key(&w, 10);
  number(&w, report->t0);
  if (report->has_rate) {
    key(&w, 11);
    number(&w, report->rate);
  }
  if (report->has_dt) {
    key(&w, 12);
    numbers(&w, report->dt, report->dt_count);
  }
  if (report->has_range) {
    key(&w, 13);
    number(&w, report->range);
  }
  if (report->placement != SW_MOTION_PLACEMENT_ABSENT) {
    key(&w, 14);
    word(&w, motion_placement_words, sizeof motion_placement_words / sizeof *motion_placement_words, (unsigned)report->placement);
  }
  key(&w, 15);
  samples(&w, report->samples, report->samples_count);
  if (report->has_of) {
    key(&w, 16);
    head(&w, UNSIGNED, report->of);
  }
  if (report->has_part) {
    key(&w, 17);
    head(&w, UNSIGNED, report->part);
  }
  if (report->has_parts) {
    key(&w, 18);
    head(&w, UNSIGNED, report->parts);
  }
  return written(&w);
}

size_t sw_encode_vitals(const sw_vitals *report, uint8_t *bytes, size_t size) {
  writer w = {bytes, size, 0, false};
  begin(&w, &report->every, 0u + (report->has_pulse ? 1u : 0u) + (report->has_oxygen ? 1u : 0u) + (report->has_temperature ? 1u : 0u) + (report->has_systolic ? 1u : 0u) + (report->has_diastolic ? 1u : 0u) + (report->has_breaths ? 1u : 0u));
  if (report->has_pulse) {
    key(&w, 10);
    number(&w, report->pulse);
  }
  if (report->has_oxygen) {
    key(&w, 11);
    number(&w, report->oxygen);
  }
  if (report->has_temperature) {
    key(&w, 12);
    number(&w, report->temperature);
  }
  if (report->has_systolic) {
    key(&w, 13);
    number(&w, report->systolic);
  }
  if (report->has_diastolic) {
    key(&w, 14);
    number(&w, report->diastolic);
  }
  if (report->has_breaths) {
    key(&w, 15);
    number(&w, report->breaths);
  }
  return written(&w);
}

static const char *const press_call_words[] = {"emergency", "care", "service", "cancel", "test"};
size_t sw_encode_press(const sw_press *report, uint8_t *bytes, size_t size) {
  writer w = {bytes, size, 0, false};
  begin(&w, &report->every, 1u);
  key(&w, 10);
  word(&w, press_call_words, sizeof press_call_words / sizeof *press_call_words, (unsigned)report->call);
  return written(&w);
}

static const char *const presence_source_words[] = {"motion", "door", "bed"};
static const char *const presence_state_words[] = {"on", "off"};
size_t sw_encode_presence(const sw_presence *report, uint8_t *bytes, size_t size) {
  writer w = {bytes, size, 0, false};
  begin(&w, &report->every, 2u);
  key(&w, 10);
  word(&w, presence_source_words, sizeof presence_source_words / sizeof *presence_source_words, (unsigned)report->source);
  key(&w, 11);
  word(&w, presence_state_words, sizeof presence_state_words / sizeof *presence_state_words, (unsigned)report->state);
  return written(&w);
}

static const char *const status_worn_words[] = {"", "yes", "no", "unknown"};
size_t sw_encode_status(const sw_status *report, uint8_t *bytes, size_t size) {
  writer w = {bytes, size, 0, false};
  begin(&w, &report->every, 0u + (report->has_battery ? 1u : 0u) + (report->has_charge ? 1u : 0u) + (report->has_rsrp ? 1u : 0u) + (report->has_snr ? 1u : 0u) + (report->cell != NULL ? 1u : 0u) + (report->firmware != NULL ? 1u : 0u) + (report->has_temperature ? 1u : 0u) + (report->has_faults ? 1u : 0u) + (report->has_interval ? 1u : 0u) + (report->worn != SW_STATUS_WORN_ABSENT ? 1u : 0u) + (report->has_charging ? 1u : 0u) + (report->has_mains ? 1u : 0u));
  if (report->has_battery) {
    key(&w, 10);
    number(&w, report->battery);
  }
  if (report->has_charge) {
    key(&w, 11);
    number(&w, report->charge);
  }
  if (report->has_rsrp) {
    key(&w, 12);
    number(&w, report->rsrp);
  }
  if (report->has_snr) {
    key(&w, 13);
    number(&w, report->snr);
  }
  if (report->cell != NULL) {
    key(&w, 14);
    text(&w, report->cell);
  }
  if (report->firmware != NULL) {
    key(&w, 15);
    text(&w, report->firmware);
  }
  if (report->has_temperature) {
    key(&w, 16);
    number(&w, report->temperature);
  }
  if (report->has_faults) {
    key(&w, 17);
    texts(&w, report->faults, report->faults_count);
  }
  if (report->has_interval) {
    key(&w, 18);
    number(&w, report->interval);
  }
  if (report->worn != SW_STATUS_WORN_ABSENT) {
    key(&w, 19);
    word(&w, status_worn_words, sizeof status_worn_words / sizeof *status_worn_words, (unsigned)report->worn);
  }
  if (report->has_charging) {
    key(&w, 20);
    flag(&w, report->charging);
  }
  if (report->has_mains) {
    key(&w, 21);
    flag(&w, report->mains);
  }
  return written(&w);
}

static const char *const done_result_words[] = {"ok", "failed", "expired", "unknown"};
size_t sw_encode_done(const sw_done *report, uint8_t *bytes, size_t size) {
  writer w = {bytes, size, 0, false};
  begin(&w, &report->every, 2u);
  key(&w, 10);
  text(&w, report->command);
  key(&w, 11);
  word(&w, done_result_words, sizeof done_result_words / sizeof *done_result_words, (unsigned)report->result);
  return written(&w);
}
