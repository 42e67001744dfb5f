/*
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
#define SW_TOPIC_MAX 70
#define SW_PAYLOAD_MAX 16000
#define SW_BATCH_MAX 64
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
size_t sw_batch_add(uint8_t *batch, size_t length, size_t size, const char *report, const uint8_t *payload, size_t payload_length);

/* ---- alarm: up/{device}/alarm ---- */
#define SW_TOPIC_ALARM "alarm"
#define SW_KEY_ALARM_SOURCE 10
#define SW_KEY_ALARM_STATE 11
#define SW_KEY_ALARM_OBSCURATION 12
#define SW_KEY_ALARM_TEMPERATURE 13
#define SW_KEY_ALARM_CO 14
#define SW_KEY_ALARM_GAS 15
#define SW_ALARM_OBSCURATION_MIN (0) /* dB/m */
#define SW_ALARM_OBSCURATION_MAX (100) /* dB/m */
#define SW_ALARM_TEMPERATURE_MIN (-60) /* °C */
#define SW_ALARM_TEMPERATURE_MAX (200) /* °C */
#define SW_ALARM_CO_MIN (0) /* ppm */
#define SW_ALARM_CO_MAX (10000) /* ppm */
#define SW_ALARM_GAS_MIN (0) /* %LEL */
#define SW_ALARM_GAS_MAX (100) /* %LEL */
typedef enum { SW_ALARM_SOURCE_SMOKE, SW_ALARM_SOURCE_HEAT, SW_ALARM_SOURCE_CO, SW_ALARM_SOURCE_GAS, SW_ALARM_SOURCE_WATER } sw_alarm_source;
typedef enum { SW_ALARM_STATE_ON, SW_ALARM_STATE_OFF, SW_ALARM_STATE_HUSHED } sw_alarm_state;
typedef struct {
  sw_every every;
  sw_alarm_source source;
  sw_alarm_state state;
  bool has_obscuration;
  double obscuration; /* dB/m */
  bool has_temperature;
  double temperature; /* °C */
  bool has_co;
  double co; /* ppm */
  bool has_gas;
  double gas; /* %LEL */
} sw_alarm;
/* The bytes that were written; 0 when they are more than size, or an enumeration holds none of its values. */
size_t sw_encode_alarm(const sw_alarm *report, uint8_t *bytes, size_t size);

/* ---- test: up/{device}/test ---- */
#define SW_TOPIC_TEST "test"
#define SW_KEY_TEST_BY 10
#define SW_KEY_TEST_RESULT 11
typedef enum { SW_TEST_BY_ABSENT, SW_TEST_BY_BUTTON, SW_TEST_BY_SELF } sw_test_by;
typedef enum { SW_TEST_RESULT_ABSENT, SW_TEST_RESULT_PASSED, SW_TEST_RESULT_FAILED } sw_test_result;
typedef struct {
  sw_every every;
  sw_test_by by;
  sw_test_result result;
} sw_test;
/* The bytes that were written; 0 when they are more than size, or an enumeration holds none of its values. */
size_t sw_encode_test(const sw_test *report, uint8_t *bytes, size_t size);

/* ---- tamper: up/{device}/tamper ---- */
#define SW_TOPIC_TAMPER "tamper"
#define SW_KEY_TAMPER_STATE 10
typedef enum { SW_TAMPER_STATE_ON, SW_TAMPER_STATE_OFF } sw_tamper_state;
typedef struct {
  sw_every every;
  sw_tamper_state state;
} sw_tamper;
/* The bytes that were written; 0 when they are more than size, or an enumeration holds none of its values. */
size_t sw_encode_tamper(const sw_tamper *report, uint8_t *bytes, size_t size);

/* ---- position: up/{device}/position ---- */
#define SW_TOPIC_POSITION "position"
#define SW_KEY_POSITION_SOURCE 10
#define SW_KEY_POSITION_LAT 11
#define SW_KEY_POSITION_LON 12
#define SW_KEY_POSITION_ACCURACY 13
#define SW_KEY_POSITION_SPEED 14
#define SW_POSITION_LAT_MIN (-90) /* ° */
#define SW_POSITION_LAT_MAX (90) /* ° */
#define SW_POSITION_LON_MIN (-180) /* ° */
#define SW_POSITION_LON_MAX (180) /* ° */
#define SW_POSITION_ACCURACY_MIN (0) /* m */
#define SW_POSITION_ACCURACY_MAX (100000) /* m */
#define SW_POSITION_SPEED_MIN (0) /* m/s */
#define SW_POSITION_SPEED_MAX (100) /* m/s */
typedef enum { SW_POSITION_SOURCE_GNSS, SW_POSITION_SOURCE_WIFI, SW_POSITION_SOURCE_CELL, SW_POSITION_SOURCE_NONE } sw_position_source;
typedef struct {
  sw_every every;
  sw_position_source source;
  bool has_lat;
  double lat; /* ° */
  bool has_lon;
  double lon; /* ° */
  bool has_accuracy;
  double accuracy; /* m */
  bool has_speed;
  double speed; /* m/s */
} sw_position;
/* The bytes that were written; 0 when they are more than size, or an enumeration holds none of its values. */
size_t sw_encode_position(const sw_position *report, uint8_t *bytes, size_t size);

/* ---- fall: up/{device}/fall ---- */
#define SW_TOPIC_FALL "fall"
#define SW_KEY_FALL_STATE 10
#define SW_KEY_FALL_OF 11
#define SW_FALL_OF_MIN (0)
#define SW_FALL_OF_MAX (4294967295)
typedef enum { SW_FALL_STATE_SUSPECTED, SW_FALL_STATE_CONFIRMED, SW_FALL_STATE_CANCELLED } sw_fall_state;
typedef struct {
  sw_every every;
  sw_fall_state state;
  bool has_of;
  uint32_t of;
} sw_fall;
/* The bytes that were written; 0 when they are more than size, or an enumeration holds none of its values. */
size_t sw_encode_fall(const sw_fall *report, uint8_t *bytes, size_t size);

/* ---- motion: up/{device}/motion ---- */
#define SW_TOPIC_MOTION "motion"
#define SW_KEY_MOTION_T0 10
#define SW_KEY_MOTION_RATE 11
#define SW_KEY_MOTION_DT 12
#define SW_KEY_MOTION_RANGE 13
#define SW_KEY_MOTION_PLACEMENT 14
#define SW_KEY_MOTION_SAMPLES 15
#define SW_KEY_MOTION_OF 16
#define SW_KEY_MOTION_PART 17
#define SW_KEY_MOTION_PARTS 18
#define SW_MOTION_T0_MIN (-60000) /* ms */
#define SW_MOTION_T0_MAX (60000) /* ms */
#define SW_MOTION_RATE_MIN (1) /* Hz */
#define SW_MOTION_RATE_MAX (1000) /* Hz */
#define SW_MOTION_DT_MOST 2000
#define SW_MOTION_RANGE_MIN (1) /* g */
#define SW_MOTION_RANGE_MAX (400) /* g */
#define SW_MOTION_SAMPLES_MOST 6000
#define SW_MOTION_OF_MIN (0)
#define SW_MOTION_OF_MAX (4294967295)
#define SW_MOTION_PART_MIN (1)
#define SW_MOTION_PART_MAX (64)
#define SW_MOTION_PARTS_MIN (1)
#define SW_MOTION_PARTS_MAX (64)
typedef enum { SW_MOTION_PLACEMENT_ABSENT, SW_MOTION_PLACEMENT_WRIST, SW_MOTION_PLACEMENT_WAIST, SW_MOTION_PLACEMENT_NECK, SW_MOTION_PLACEMENT_ANKLE, SW_MOTION_PLACEMENT_OTHER } sw_motion_placement;
typedef struct {
  sw_every every;
  double t0; /* ms */
  bool has_rate;
  double rate; /* Hz */
  bool has_dt;
  const double *dt; /* ms */
  size_t dt_count;
  bool has_range;
  double range; /* g */
  sw_motion_placement placement;
  const int16_t *samples; /* mg */
  size_t samples_count;
  bool has_of;
  uint32_t of;
  bool has_part;
  uint32_t part;
  bool has_parts;
  uint32_t parts;
} sw_motion;
/* The bytes that were written; 0 when they are more than size, or an enumeration holds none of its values. */
size_t sw_encode_motion(const sw_motion *report, uint8_t *bytes, size_t size);

/* ---- vitals: up/{device}/vitals ---- */
#define SW_TOPIC_VITALS "vitals"
#define SW_KEY_VITALS_PULSE 10
#define SW_KEY_VITALS_OXYGEN 11
#define SW_KEY_VITALS_TEMPERATURE 12
#define SW_KEY_VITALS_SYSTOLIC 13
#define SW_KEY_VITALS_DIASTOLIC 14
#define SW_KEY_VITALS_BREATHS 15
#define SW_VITALS_PULSE_MIN (10) /* 1/min */
#define SW_VITALS_PULSE_MAX (300) /* 1/min */
#define SW_VITALS_OXYGEN_MIN (30) /* % */
#define SW_VITALS_OXYGEN_MAX (100) /* % */
#define SW_VITALS_TEMPERATURE_MIN (10) /* °C */
#define SW_VITALS_TEMPERATURE_MAX (50) /* °C */
#define SW_VITALS_SYSTOLIC_MIN (40) /* mmHg */
#define SW_VITALS_SYSTOLIC_MAX (300) /* mmHg */
#define SW_VITALS_DIASTOLIC_MIN (20) /* mmHg */
#define SW_VITALS_DIASTOLIC_MAX (200) /* mmHg */
#define SW_VITALS_BREATHS_MIN (1) /* 1/min */
#define SW_VITALS_BREATHS_MAX (100) /* 1/min */
typedef struct {
  sw_every every;
  bool has_pulse;
  double pulse; /* 1/min */
  bool has_oxygen;
  double oxygen; /* % */
  bool has_temperature;
  double temperature; /* °C */
  bool has_systolic;
  double systolic; /* mmHg */
  bool has_diastolic;
  double diastolic; /* mmHg */
  bool has_breaths;
  double breaths; /* 1/min */
} sw_vitals;
/* The bytes that were written; 0 when they are more than size, or an enumeration holds none of its values. */
size_t sw_encode_vitals(const sw_vitals *report, uint8_t *bytes, size_t size);

/* ---- press: up/{device}/press ---- */
#define SW_TOPIC_PRESS "press"
#define SW_KEY_PRESS_CALL 10
typedef enum { SW_PRESS_CALL_EMERGENCY, SW_PRESS_CALL_CARE, SW_PRESS_CALL_SERVICE, SW_PRESS_CALL_CANCEL, SW_PRESS_CALL_TEST } sw_press_call;
typedef struct {
  sw_every every;
  sw_press_call call;
} sw_press;
/* The bytes that were written; 0 when they are more than size, or an enumeration holds none of its values. */
size_t sw_encode_press(const sw_press *report, uint8_t *bytes, size_t size);

/* ---- presence: up/{device}/presence ---- */
#define SW_TOPIC_PRESENCE "presence"
#define SW_KEY_PRESENCE_SOURCE 10
#define SW_KEY_PRESENCE_STATE 11
typedef enum { SW_PRESENCE_SOURCE_MOTION, SW_PRESENCE_SOURCE_DOOR, SW_PRESENCE_SOURCE_BED } sw_presence_source;
typedef enum { SW_PRESENCE_STATE_ON, SW_PRESENCE_STATE_OFF } sw_presence_state;
typedef struct {
  sw_every every;
  sw_presence_source source;
  sw_presence_state state;
} sw_presence;
/* The bytes that were written; 0 when they are more than size, or an enumeration holds none of its values. */
size_t sw_encode_presence(const sw_presence *report, uint8_t *bytes, size_t size);

/* ---- status: up/{device}/status ---- */
#define SW_TOPIC_STATUS "status"
#define SW_KEY_STATUS_BATTERY 10
#define SW_KEY_STATUS_CHARGE 11
#define SW_KEY_STATUS_RSRP 12
#define SW_KEY_STATUS_SNR 13
#define SW_KEY_STATUS_CELL 14
#define SW_KEY_STATUS_FIRMWARE 15
#define SW_KEY_STATUS_TEMPERATURE 16
#define SW_KEY_STATUS_FAULTS 17
#define SW_KEY_STATUS_INTERVAL 18
#define SW_KEY_STATUS_WORN 19
#define SW_KEY_STATUS_CHARGING 20
#define SW_KEY_STATUS_MAINS 21
#define SW_STATUS_BATTERY_MIN (0) /* V */
#define SW_STATUS_BATTERY_MAX (60) /* V */
#define SW_STATUS_CHARGE_MIN (0) /* % */
#define SW_STATUS_CHARGE_MAX (100) /* % */
#define SW_STATUS_RSRP_MIN (-160) /* dBm */
#define SW_STATUS_RSRP_MAX (-20) /* dBm */
#define SW_STATUS_SNR_MIN (-40) /* dB */
#define SW_STATUS_SNR_MAX (60) /* dB */
#define SW_STATUS_TEMPERATURE_MIN (-60) /* °C */
#define SW_STATUS_TEMPERATURE_MAX (125) /* °C */
#define SW_STATUS_FAULTS_MOST 8
#define SW_STATUS_INTERVAL_MAX (10080) /* min */
typedef enum { SW_STATUS_WORN_ABSENT, SW_STATUS_WORN_YES, SW_STATUS_WORN_NO, SW_STATUS_WORN_UNKNOWN } sw_status_worn;
typedef struct {
  sw_every every;
  bool has_battery;
  double battery; /* V */
  bool has_charge;
  double charge; /* % */
  bool has_rsrp;
  double rsrp; /* dBm */
  bool has_snr;
  double snr; /* dB */
  const char *cell; /* NULL: absent */
  const char *firmware; /* NULL: absent */
  bool has_temperature;
  double temperature; /* °C */
  bool has_faults;
  const char *const *faults;
  size_t faults_count;
  bool has_interval;
  double interval; /* min */
  sw_status_worn worn;
  bool has_charging;
  bool charging;
  bool has_mains;
  bool mains;
} sw_status;
/* The bytes that were written; 0 when they are more than size, or an enumeration holds none of its values. */
size_t sw_encode_status(const sw_status *report, uint8_t *bytes, size_t size);

/* ---- done: up/{device}/done ---- */
#define SW_TOPIC_DONE "done"
#define SW_KEY_DONE_COMMAND 10
#define SW_KEY_DONE_RESULT 11
typedef enum { SW_DONE_RESULT_OK, SW_DONE_RESULT_FAILED, SW_DONE_RESULT_EXPIRED, SW_DONE_RESULT_UNKNOWN } sw_done_result;
typedef struct {
  sw_every every;
  const char *command;
  sw_done_result result;
} sw_done;
/* The bytes that were written; 0 when they are more than size, or an enumeration holds none of its values. */
size_t sw_encode_done(const sw_done *report, uint8_t *bytes, size_t size);

/* ---- commands: down/{device}/{command} ---- */
#define SW_COMMAND_LOCATE "locate"
#define SW_COMMAND_INTERVAL "interval"
#define SW_COMMAND_TIME "time"
#define SW_COMMAND_LAMP "lamp"
#define SW_COMMAND_HUSH "hush"
#define SW_COMMAND_REBOOT "reboot"
#define SW_KEY_LOCATE_V 1
#define SW_KEY_LOCATE_ID 2
#define SW_KEY_LOCATE_EXPIRES 3
#define SW_KEY_INTERVAL_V 1
#define SW_KEY_INTERVAL_ID 2
#define SW_KEY_INTERVAL_EXPIRES 3
#define SW_KEY_INTERVAL_INTERVAL 10
#define SW_KEY_TIME_V 1
#define SW_KEY_TIME_ID 2
#define SW_KEY_TIME_EXPIRES 3
#define SW_KEY_TIME_AT 10
#define SW_KEY_LAMP_V 1
#define SW_KEY_LAMP_ID 2
#define SW_KEY_LAMP_EXPIRES 3
#define SW_KEY_LAMP_STATE 10
#define SW_KEY_HUSH_V 1
#define SW_KEY_HUSH_ID 2
#define SW_KEY_HUSH_EXPIRES 3
#define SW_KEY_HUSH_BOOT 10
#define SW_KEY_HUSH_SEQ 11
#define SW_KEY_REBOOT_V 1
#define SW_KEY_REBOOT_ID 2
#define SW_KEY_REBOOT_EXPIRES 3

#endif
