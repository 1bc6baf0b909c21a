/*
 * emomotion.h - words and an emotion in, a moving character out: the client for C, C++ and every language that can call
 * C.
 *
 *     em_error error;
 *     em_client *client;
 *     em_connection how = {.server = "localhost:50051"};
 *     if (em_connect(&how, &client, &error) != EM_OK) fail(error.message);
 *     em_drive_options begin = {.wish = {.text = "a person walks forward"}};
 *     em_drive *live;
 *     em_drive_open(client, &begin, &live, &error);
 *     for (em_frame frame; em_drive_next(live, 5.0, &frame, &error) == EM_OK;) show(&frame.pose);
 *
 * UNITS AND FRAMES. Metres, seconds, radians. Right-handed, Y up; the character faces +Z and its left is +X; the ground
 * is y = 0. Quaternions are x, y, z, w and unit; rotations are local, relative to a T-pose in which all of them are
 * identity. Engines have frames of their own: em_convert_points, em_convert_rotations and em_rig_pose bring poses
 * there.
 *
 * THREADS. Every function may be called from any thread, at the same time as any other. The exceptions are the
 * functions that give a handle back (em_close, em_drive_close, em_face_close, em_info_free, em_rig_free): nobody else
 * may begin a call with that handle then. Functions marked "waits" may block on the network; keep them off the game
 * thread. All others return at once. One reader each: em_drive_next and em_drive_sample of one stream take frames from
 * one another, as do em_face_next and em_face_sample. No function of yours is ever called from a thread of the library:
 * em_generate calls back on the thread that called it.
 *
 * ERRORS. Functions that can fail return an em_code. If it is not EM_OK and `error` is not NULL, `error` says in one
 * line what is wrong and what to do. What a successful call leaves in `error` is unspecified. Nothing is printed;
 * nothing throws.
 *
 * MEMORY. Strings that go in are UTF-8, end with NUL, are copied, and may be NULL where this is said. Structs that go
 * in must be zeroed before they are filled (`= {0}`); zero means "not said" everywhere but in em_affect.intensity. What
 * comes out of a function is yours if there is a function to free it, else it belongs to the library and lives as long
 * as the handle it came from.
 *
 * VERSIONS. EM_ABI_VERSION rises when a struct or a function changes; functions may be added without it. Compare it
 * with em_abi_version() where the library is loaded at run time. A process that has used the library must not unload
 * it.
 */
#ifndef EMOMOTION_H
#define EMOMOTION_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#if defined(EMOMOTION_BUILD)
#define EM_API __declspec(dllexport)
#else
#define EM_API __declspec(dllimport)
#endif
#else
#define EM_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define EM_ABI_VERSION 1
#define EM_JOINTS 22  /* joints of the body; em_joint_name gives their names */
#define EM_CONTACTS 4 /* left ankle, left foot, right ankle, right foot */
#define EM_EMOTIONS 9
#define EM_REMEMBERED 64 /* frames that a stream keeps, so that another one can go on from them */
#define EM_SHAPES 52     /* blendshapes of a face; em_shape_name gives their names */
#define EM_VISEMES 14    /* shapes of a mouth that speaks; em_viseme_name gives their names */

/* The ABI version the library was built with. */
EM_API uint32_t em_abi_version(void);
/* The version of the library, e.g. "0.1.0". */
EM_API const char *em_version(void);

/* ---- Errors ---- */

/* How a call went. Numbers from 1 to 16 are gRPC's; below 0 nothing is wrong. */
typedef int32_t em_code;
enum {
    EM_OK = 0,
    EM_CANCELLED = 1,         /* you ended it: a callback said so, or the handle was closed */
    EM_UNKNOWN = 2,           /* the server failed in a way it did not explain */
    EM_INVALID_ARGUMENT = 3,  /* a value is out of range; `field` names it */
    EM_DEADLINE_EXCEEDED = 4, /* it did not finish in the time you gave, or not within budget_ms */
    EM_NOT_FOUND = 5,
    EM_PERMISSION_DENIED = 7,
    EM_RESOURCE_EXHAUSTED = 8,  /* the server is full; `retry_after_ms` says when to come back */
    EM_FAILED_PRECONDITION = 9, /* no plan can keep budget_ms on this machine */
    EM_UNIMPLEMENTED = 12,      /* whoever answers does not speak emomotion.v1 */
    EM_INTERNAL = 13,           /* a fault of the server or of this library */
    EM_UNAVAILABLE = 14,        /* nobody answers, or the connection was lost */
    EM_DATA_LOSS = 15,          /* the server broke the protocol */
    EM_UNAUTHENTICATED = 16,    /* the server wants a valid token */
    EM_NOT_YET = -1,            /* nothing has come in the time you gave; try again */
    EM_ENDED = -2               /* the stream ended as it should; no more frames will come */
};

/* What went wrong. */
typedef struct em_error {
    em_code code;
    int32_t retry_after_ms; /* with EM_RESOURCE_EXHAUSTED: when to try again; 0 when it is not known */
    char field[64];         /* with EM_INVALID_ARGUMENT: the value that was refused, e.g. "affect.intensity"; else "" */
    char message[512];      /* one line: what is wrong and what to do */
} em_error;

/* Name of a code, e.g. "UNAVAILABLE"; "UNKNOWN" for a number that is none. */
EM_API const char *em_code_name(em_code code);

/* ---- Feelings ---- */

/* Neutral and the eight basic emotions of Plutchik, in the order of em_affect.weights. */
typedef int32_t em_emotion;
enum {
    EM_NEUTRAL = 0,
    EM_JOY = 1,
    EM_TRUST = 2,
    EM_FEAR = 3,
    EM_SURPRISE = 4,
    EM_SADNESS = 5,
    EM_DISGUST = 6,
    EM_ANGER = 7,
    EM_ANTICIPATION = 8
};

/* A mixture of emotions and how strongly it is felt. All zero: neutral. */
typedef struct em_affect {
    double weights[EM_EMOTIONS]; /* shares >= 0; only their ratios count */
    double intensity;            /* 0..1; at 0 the weights have no effect! EM_INTENSITY_UNSET: not said, 0.7 */
} em_affect;
#define EM_INTENSITY_UNSET (-1.0)

/* Public name of an emotion, e.g. "joy"; NULL for a number that is none. */
EM_API const char *em_emotion_name(em_emotion emotion);

/* A feeling from words: an emotion ("joy"), a word that brings its own intensity ("rage"), or a mixture
 * ("joy:0.6,trust:0.4"). EM_INVALID_ARGUMENT lists the known names. */
EM_API em_code em_affect_of(const char *words, em_affect *affect, em_error *error);

/* ---- Bodies ---- */

/* A body at a moment. */
typedef struct em_pose {
    float rotations[EM_JOINTS * 4]; /* local, for each joint x, y, z, w; the root's is the body's in the world */
    float root[3];                  /* position of the root joint in the world, metres */
    uint8_t contacts[EM_CONTACTS];  /* 1 where this part of a foot touches the ground */
} em_pose;

/* The body on which motion is posed. */
typedef struct em_skeleton {
    float rest_offsets[EM_JOINTS * 3]; /* of each joint from its parent in the T-pose, metres; the root's is 0 */
    double ankle_height;               /* of the ankle joints over the ground when the sole is flat, metres */
    double toe_height;                 /* of the foot joints (ball of the foot) */
} em_skeleton;

/* Name of a joint, e.g. "pelvis" for 0; NULL out of 0..21. */
EM_API const char *em_joint_name(int32_t joint);
/* Parent of a joint; -1 for the root and out of 0..21. A parent comes before its children. */
EM_API int32_t em_joint_parent(int32_t joint);
/* Height of the root joint over the ground in the T-pose, metres. */
EM_API double em_rest_height(const em_skeleton *skeleton);

/* ---- Connections ---- */

/* A connection to one server; threads may share it. */
typedef struct em_client em_client;

/* Whom to talk to. */
typedef struct em_connection {
    const char *server; /* HOST:PORT, e.g. "localhost:50051" */
    const char *token;  /* what the server knows you by; NULL for none */
    int32_t tls;        /* 1: encrypt, trusting the system's authorities; tls_ca implies it */
    const char *tls_ca; /* PEM file that signed the server's certificate; NULL for the system's */
    const char
        *tls_cert; /* PEM file of your own certificate, where the server asks for one; with tls_key. NULL for none */
    const char *tls_key;
} em_connection;

/* Prepares a connection; nothing is sent yet, so a server that is not there is noticed by the first call.
 * EM_INVALID_ARGUMENT: no HOST:PORT, a token that no header can hold, a file that cannot be read. */
EM_API em_code em_connect(const em_connection *how, em_client **client, em_error *error);

/* Ends every call and stream of the client with EM_CANCELLED and gives it back; NULL does nothing. Waits until calls
 * that run on other threads have returned, some milliseconds. Streams still have to be closed. Not from a
 * callback of em_generate. */
EM_API void em_close(em_client *client);

/* Waits until the server has warmed up and serves. EM_UNAVAILABLE when it does not in `timeout_s`. */
EM_API em_code em_wait_ready(em_client *client, double timeout_s, em_error *error);

/* ---- What a server holds ---- */

/* What an emotion was learned from. */
typedef int32_t em_evidence;
enum {
    EM_EVIDENCE_UNSPECIFIED = 0,
    EM_EVIDENCE_NONE = 1, /* the bundle has never seen this emotion */
    EM_EVIDENCE_MOCAP = 2,
    EM_EVIDENCE_PROXY = 3,
    EM_EVIDENCE_SYNTHETIC = 4,
    EM_EVIDENCE_TEXT_MINED = 5
};

/* One way to decode. */
typedef struct em_plan {
    const char *name;
    const char *generator;
    int32_t is_default;
    double expected_ms; /* for 4 seconds on the server as it is loaded now; 0 when nothing is known */
} em_plan;

/* What a server has loaded and accepts. */
typedef struct em_info {
    const char *name, *version; /* of the bundle */
    const char *sha256;         /* of the bundle; as in em_status */
    const char *licence;        /* terms under which the motion may be used */
    const char *attribution;    /* whose data it was learned from, to be shown with the motion */
    double fps;                 /* at which motion is generated */
    const em_plan *plans;       /* from the best to the cheapest of each generator */
    uint32_t plan_count;
    em_evidence evidence[EM_EMOTIONS];
    double minutes[EM_EMOTIONS]; /* of such motion */
    em_skeleton skeleton;
    double min_seconds, max_seconds; /* of a clip */
    double min_fps, max_fps;
    uint32_t max_text_chars;
} em_info;

/* Asks what the server has loaded; waits for at most `timeout_s` (0: ten seconds). Free what it gives with
 * em_info_free. */
EM_API em_code em_get_info(em_client *client, double timeout_s, em_info **info, em_error *error);
/* NULL does nothing. */
EM_API void em_info_free(em_info *info);

/* ---- Clips ---- */

/* What to generate. */
typedef struct em_request {
    const char *text;        /* what the character does, in English; must be set */
    const em_affect *affect; /* how it feels; NULL: neutral */
    double seconds;          /* length, 0.5..30; 0: 4 */
    int32_t has_seed;        /* 1: `seed` counts; 0: the server draws one and em_status tells it */
    uint64_t seed;           /* the same seed gives the same clip */
    const char *plan;        /* way to decode, by a name of em_info; NULL: the default */
    const char *generator;   /* by name; NULL: the plan's */
    double fps;              /* of the frames, 10..120; 0: the bundle's own */
    double budget_ms; /* time the server may take to the first frame; the best plan that fits is used. 0: as long as it
                         takes */
    double timeout_s; /* you give up after so long; 0: two minutes */
} em_request;

/* What all frames of a clip have in common. */
typedef struct em_clip_header {
    em_skeleton skeleton;
    double fps;
    uint32_t frame_count;
} em_clip_header;

/* Where the parts of a clip go. Both are called on the thread of em_generate; a result other than 0 cancels. NULL: not
 * wanted. */
typedef struct em_sink {
    void *user;
    int32_t (*on_header)(void *user, const em_clip_header *header);       /* once, first */
    int32_t (*on_frame)(void *user, uint32_t index, const em_pose *pose); /* for each frame in order, as it arrives */
} em_sink;

/* Time that one stage of the work took. */
typedef struct em_stage {
    char name[24]; /* such as "queue", "masked", "decode"; "total" is the whole */
    double ms;
    uint32_t passes;
} em_stage;

/* How a clip was made, with every default filled in. */
typedef struct em_status {
    em_affect affect; /* as applied: weights sum to 1 */
    double seconds, fps;
    uint64_t seed;
    char plan[65], generator[65], sha256[65];
    int32_t degraded;        /* 1: a cheaper plan was used, or passes were left out */
    int32_t has_budget_left; /* 1: there was a budget, and budget_left_ms counts; below 0 it was late */
    double budget_left_ms;
    em_stage stages[16];
    uint32_t stage_count;
} em_status;

/* Makes one clip; waits until it is there. `status` may be NULL. The frames that were handed out before an error stay
 * valid. */
EM_API em_code em_generate(em_client *client, const em_request *request, const em_sink *sink, em_status *status,
                           em_error *error);

/* ---- Live characters ---- */

/* One live character: frames in real time until it is told to end. */
typedef struct em_drive em_drive;

/* A moment of a feeling that changes over time. */
typedef struct em_affect_key {
    double seconds; /* since the change; 0..3600, rising */
    em_affect affect;
} em_affect_key;

/* Which of the numbers of an em_wish count; they may be added. */
enum { EM_SET_SPEED = 1, EM_SET_HEADING = 2, EM_SET_FREE = 4 };

/* What a character is to do from now on; what is not said stays as it was. */
typedef struct em_wish {
    const char *text;           /* what it does; NULL: as before */
    const em_affect *affect;    /* how it feels; NULL: as before */
    const em_affect_key *track; /* or how it feels over time, 1 to 256 keys; NULL: as before */
    uint32_t track_count;
    uint32_t set;        /* EM_SET_...; of EM_SET_HEADING, EM_SET_FREE and `path` only one */
    double speed;        /* EM_SET_SPEED: pace, 0.5..1.5; 1 is as generated */
    double heading;      /* EM_SET_HEADING: direction, -2 pi..2 pi; 0 is +Z, growing to the left, to +X */
    const double *path;  /* points to walk along, x and z of each, metres; NULL: as before */
    uint32_t path_count; /* of points, 2 to 512 */
} em_wish;

/* How a character begins. */
typedef struct em_drive_options {
    em_wish wish; /* its text must be set */
    int32_t has_seed;
    uint64_t seed;
    const char *plan, *generator; /* as in em_request */
    double reconnect_s;  /* how long to look for a server that went away; 0: not at all. The character goes on from its
                          * last frames with its last wish, and frames are numbered on. Give it 60 */
    int32_t every_frame; /* 1: em_drive_next also gives frames that are read more than a quarter of a second late */
    const em_pose
        *resume; /* the latest poses of another stream, oldest first, to go on from; NULL: from rest, over the origin */
    uint32_t resume_count; /* 1 to EM_REMEMBERED */
} em_drive_options;

/* One frame of a character. */
typedef struct em_frame {
    uint64_t number; /* one more than that of the frame before, but for frames that were left out */
    em_pose pose;
    em_affect affect; /* what is felt in it, as applied */
    uint32_t wish;    /* which wish the motion serves: 0 the first, n the n-th change */
    uint8_t idle;     /* 1: standing about, because nothing was ready in time */
    uint8_t reacting; /* 1: a posture is laid over a motion that does not show the feeling yet */
} em_frame;

/* What all frames have in common. */
typedef struct em_drive_header {
    em_skeleton skeleton;
    double fps;
    uint64_t seed;
    char sha256[65];
} em_drive_header;

/* How a stream is doing, or how it ended. */
typedef struct em_drive_state {
    int32_t connected;        /* 1: frames are coming */
    uint32_t lost;            /* how often the server was lost and found again */
    uint64_t received;        /* frames that came */
    uint64_t passed_over;     /* frames that came and were too old to be given out */
    int32_t ended;            /* 1: the numbers below count; they are the server's, of the last connection */
    uint64_t frame_count;     /* frames that were sent */
    uint64_t frames_left_out; /* frames that were left out because nobody took them */
    uint64_t frames_idle;     /* frames without generated motion */
    double delay_s; /* how far em_drive_sample plays behind the newest frame, on average; 0 before it begins */
} em_drive_state;

/* Begins a character. Does not wait for the server: errors of the server come from em_drive_next and em_drive_sample.
 * EM_INVALID_ARGUMENT: a value that the server would refuse. */
EM_API em_code em_drive_open(em_client *client, const em_drive_options *options, em_drive **drive, em_error *error);

/* Tells the character something else. Values out of range are refused here, and the character lives on. */
EM_API em_code em_drive_change(em_drive *drive, const em_wish *wish, em_error *error);

/* No more is wanted: after the frames that are on their way em_drive_next says EM_ENDED. */
EM_API void em_drive_end(em_drive *drive);

/* The next frame. Waits for at most `timeout_s`; 0 returns at once. EM_NOT_YET: none has come, or the server is being
 * looked for. EM_ENDED: it ended. Anything else: it is lost for good, and `error` says why. */
EM_API em_code em_drive_next(em_drive *drive, double timeout_s, em_frame *frame, em_error *error);

/* The pose for a moment of your own clock, e.g. of every rendered frame; `now_s` in seconds, never going back.
 * Frames that come unevenly are played evenly, one and a half behind; between two frames it interpolates; where none is
 * left it holds the last one and catches up afterwards without a jump. EM_NOT_YET: none has come. EM_ENDED and errors:
 * `frame` still has the last pose. Use either this or em_drive_next. */
EM_API em_code em_drive_sample(em_drive *drive, double now_s, em_frame *frame, em_error *error);

/* What all frames have in common; EM_NOT_YET until the server has said it. */
EM_API em_code em_drive_get_header(em_drive *drive, em_drive_header *header);
/* How it is doing. */
EM_API void em_drive_get_state(em_drive *drive, em_drive_state *state);
/* The latest poses, without a gap, oldest first: what another stream may resume from. At most `capacity`; returns how
 * many. */
EM_API uint32_t em_drive_played(em_drive *drive, em_pose *poses, uint32_t capacity);
/* Leaves without an end and gives the stream back; NULL does nothing. */
EM_API void em_drive_close(em_drive *drive);

/* ---- Faces ---- */

/* One face that shows a feeling: frames in real time until it is told to end. */
typedef struct em_face em_face;

/* Name of a blendshape, e.g. "jawOpen" for 17: the 52 names of ARKit, left and right of the face itself. They are
 * compatible with ARKit in name, meaning and range, and made of the feeling; what no feeling moves stays 0. NULL out of
 * 0..51. */
EM_API const char *em_shape_name(int32_t shape);
/* Name of a viseme, e.g. "A" for 0, in the order of em_face_wish.visemes: A CH CLOSED E F I ING KK M NN O RR SS U. NULL
 * out of 0..13. */
EM_API const char *em_viseme_name(int32_t viseme);

/* Which of the numbers of an em_face_wish count; they may be added. */
enum { EM_SET_LOOK_LEFT = 1, EM_SET_LOOK_UP = 2, EM_SET_LOOK_FREELY = 4 };

/* What a face is to show from now on; what is not said stays as it was. */
typedef struct em_face_wish {
    const em_affect *affect;    /* how it feels; NULL: as before, at first neutral */
    const em_affect_key *track; /* or how it feels over time, 1 to 256 keys; NULL: as before */
    uint32_t track_count;
    const double
        *visemes;         /* EM_VISEMES shares, 0..1: what the mouth says; all 0: it is silent. Speech takes weight from
                           * the expression; more than 1 in all is scaled to 1. NULL: as before, at first silent */
    uint32_t set;         /* EM_SET_LOOK_...; EM_SET_LOOK_FREELY not with the others */
    double look_left_deg; /* EM_SET_LOOK_LEFT: where to look relative to the head, to its own left, -60..60 degrees */
    double look_up_deg;   /* EM_SET_LOOK_UP: and up, -40..40. An axis that was never set wanders a little */
} em_face_wish;

/* How a face begins. */
typedef struct em_face_options {
    em_face_wish wish;
    int32_t has_seed; /* 1: `seed` counts; it sets the moments of blinks and glances */
    uint64_t seed;
    double fps;          /* of the frames, 10..120; 0: 60 */
    int32_t still;       /* 1: no blinks, glances and swaying of its own */
    double reconnect_s;  /* as in em_drive_options; the face goes on with its last wish */
    int32_t every_frame; /* 1: em_face_next also gives frames that are read more than a quarter of a second late */
} em_face_options;

/* One frame of a face. */
typedef struct em_face_frame {
    uint64_t number;         /* one more than that of the frame before, but for frames that were left out */
    float shapes[EM_SHAPES]; /* 0..1, in the order of em_shape_name */
    em_affect affect;        /* what is felt in it, as applied */
} em_face_frame;

/* What all frames of a face have in common. */
typedef struct em_face_header {
    double fps;
    uint64_t seed;
    char model[101]; /* what makes the values, such as a model's name and version */
} em_face_header;

/* How a face is doing. */
typedef struct em_face_state {
    int32_t connected;    /* 1: frames are coming */
    uint32_t lost;        /* how often the server was lost and found again */
    uint64_t received;    /* frames that came */
    uint64_t passed_over; /* frames that came and were too old to be given out */
    double delay_s;       /* as in em_drive_state */
} em_face_state;

/* Begins a face. Does not wait for the server: errors of the server come from em_face_next and em_face_sample, such as
 * EM_UNIMPLEMENTED from one that was started without faces. EM_INVALID_ARGUMENT: a value that the server would refuse.
 */
EM_API em_code em_face_open(em_client *client, const em_face_options *options, em_face **face, em_error *error);

/* Tells the face something else. Values out of range are refused here, and the face lives on. */
EM_API em_code em_face_change(em_face *face, const em_face_wish *wish, em_error *error);

/* No more is wanted: after the frames that are on their way em_face_next says EM_ENDED. */
EM_API void em_face_end(em_face *face);

/* The next frame, as em_drive_next. */
EM_API em_code em_face_next(em_face *face, double timeout_s, em_face_frame *frame, em_error *error);

/* The face for a moment of your own clock, as em_drive_sample. Use either this or em_face_next. */
EM_API em_code em_face_sample(em_face *face, double now_s, em_face_frame *frame, em_error *error);

/* What all frames have in common; EM_NOT_YET until the server has said it. */
EM_API em_code em_face_get_header(em_face *face, em_face_header *header);
/* How it is doing. */
EM_API void em_face_get_state(em_face *face, em_face_state *state);
/* Leaves without an end and gives the stream back; NULL does nothing. */
EM_API void em_face_close(em_face *face);

/* ---- Frames of engines ---- */

/* Where poses are wanted. No conversion mirrors the body: the left hand stays the left hand. */
typedef int32_t em_axes;
enum {
    EM_AXES_SDK = 0,              /* as everywhere here; also glTF, VRM 1, three.js, USD with Y up, Godot by glTF */
    EM_AXES_VRM0 = 1,             /* glTF of VRM 0, which faces -Z */
    EM_AXES_UNITY = 2,            /* left-handed, Y up, faces +Z; also VMC */
    EM_AXES_UNREAL = 3,           /* actor space: left-handed, Z up, centimetres, faces +X */
    EM_AXES_UNREAL_COMPONENT = 4, /* space of the mannequin's mesh, faces +Y */
    EM_AXES_BLENDER = 5,          /* Z up, faces -Y; also USD with Z up */
    EM_AXES_BVH = 6,              /* centimetres */
    EM_AXES_ROS = 7               /* X ahead, Y left, Z up */
};

/* Name of a target, as sdk.motion.frames has it, e.g. "unreal_component"; NULL for a number that is none. */
EM_API const char *em_axes_name(em_axes axes);
/* `count` points, offsets or velocities (x, y, z) in metres of the SDK -> the target's axes and unit. `out` may be
 * `in`. */
EM_API em_code em_convert_points(em_axes axes, const float *in, float *out, size_t count);
/* `count` quaternions (x, y, z, w), world or local -> the same rotations in the target. `out` may be `in`. */
EM_API em_code em_convert_rotations(em_axes axes, const float *in, float *out, size_t count);

/* ---- Other skeletons ---- */

/* A skeleton of an engine that is moved by poses. Never changes, so threads may share it. */
typedef struct em_rig em_rig;

/* One bone of it, in the rest pose, relative to its parent; in the target's axes and unit. */
typedef struct em_bone {
    int32_t parent; /* index, always below the bone's own; -1 for a root */
    float rotation[4];
    float position[3];
} em_bone;

/* How poses are brought to it. */
typedef struct em_rig_options {
    em_axes axes; /* axes of the space its root bones stand in */
    const em_bone *bones;
    uint32_t bone_count;
    int32_t bone_of_joint[EM_JOINTS]; /* which bone each joint moves; -1: none. em_rig_match finds them by name */
    const em_skeleton *skeleton;      /* the body that the poses are of, as in em_drive_header */
    int32_t keep_rest; /* 0: arms and legs are first turned to the T-pose, so that skeletons in an A-pose fit too; 1:
                        * the rest pose is a T-pose, to be taken as it is */
} em_rig_options;

/* Finds the bones of well-known skeletons by name: Unreal's mannequins and MetaHumans, Mixamo, VRM and Unity's humanoid
 * bones, the SDK's own. Case and prefixes ("mixamorig:") do not matter. Returns how many joints found a bone. */
EM_API uint32_t em_rig_match(const char *const *names, uint32_t count, int32_t bone_of_joint[EM_JOINTS]);

/* Prepares it. EM_INVALID_ARGUMENT names a bone that is missing: needed are pelvis, spine1, head, and both hips, knees,
 * ankles, shoulders, elbows and wrists. What the others would turn is turned by the next bone that is there. */
EM_API em_code em_rig_create(const em_rig_options *options, em_rig **rig, em_error *error);

/* How far the hips go. */
typedef int32_t em_travel;
enum {
    EM_TRAVEL_HIPS = 0, /* everywhere, scaled by the height of the hips */
    EM_TRAVEL_NONE = 1  /* up and down only: the character stays over its place, and you move it */
};

/* Poses the rig. `rotations` (bone_count * 4) gets the local rotation of every bone, rest for those that no joint
 * moves; `hips` (3) the local position of the bone of the pelvis. All other bones keep their rest position. */
EM_API em_code em_rig_pose(const em_rig *rig, const em_pose *pose, em_travel travel, float *rotations, float *hips);

/* Where the body stands over the ground, in the rig's axes and unit and scaled to it: the way that EM_TRAVEL_NONE
 * leaves out. */
EM_API em_code em_rig_way(const em_rig *rig, const em_pose *pose, float way[3]);

/* NULL does nothing. */
EM_API void em_rig_free(em_rig *rig);

#ifdef __cplusplus
}
#endif
#endif
