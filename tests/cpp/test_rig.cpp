#include <random>

#include "body.h"
#include "check.h"
#include "maths.h"
#include "rig.h"

using namespace emomotion;

namespace {

em_skeleton body() {
    // The SDK's own rest body; only its proportions matter here.
    em_skeleton out{};
    const float half[][4] = {{kLeftHip, 0.065f, -0.02f, 0},  {kLeftKnee, 0, -0.39f, 0},
                             {kLeftAnkle, 0, -0.41f, 0},     {kLeftFoot, 0, -0.075f, 0.09f},
                             {kLeftCollar, 0.05f, 0.13f, 0}, {kLeftShoulder, 0.055f, 0, 0},
                             {kLeftElbow, 0.245f, 0, 0},     {kLeftWrist, 0.225f, 0, 0}};
    for (const auto &row : half)
        for (int k = 0; k < 3; k++) {
            out.rest_offsets[3 * static_cast<int>(row[0]) + k] = row[k + 1];
            out.rest_offsets[3 * (static_cast<int>(row[0]) + 1) + k] = (k == 0 ? -1 : 1) * row[k + 1];
        }
    const float centre[][2] = {
        {kSpine1, 0.155f}, {kSpine2, 0.045f}, {kSpine3, 0.045f}, {kNeck, 0.165f}, {kHead, 0.065f}};
    for (const auto &row : centre) out.rest_offsets[3 * static_cast<int>(row[0]) + 1] = row[1];
    out.ankle_height = 0.1, out.toe_height = 0.025;
    return out;
}

Vec point(const em_skeleton &skeleton, int joint) {
    return {skeleton.rest_offsets[3 * joint], skeleton.rest_offsets[3 * joint + 1],
            skeleton.rest_offsets[3 * joint + 2]};
}

Quat random_rotation(std::mt19937 &random, double most = 4) {
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> angle(-most, most);
    const Vec axis{normal(random), normal(random), normal(random)};
    const double half = angle(random) / 2, size = std::sin(half) / length(axis);
    return {axis[0] * size, axis[1] * size, axis[2] * size, std::cos(half)};
}

em_pose random_pose(std::mt19937 &random) {
    em_pose pose{};
    for (int j = 0; j < EM_JOINTS; j++) {
        const Quat q = random_rotation(random);
        for (int k = 0; k < 4; k++) pose.rotations[4 * j + k] = static_cast<float>(q[k]);
    }
    pose.root[0] = 0.3f, pose.root[1] = 0.8f, pose.root[2] = -1.1f;
    return pose;
}

// A skeleton with twisted bones, limbs of other lengths, a bone above the hips, a bone between two spines, in an A-pose
// or a T-pose.
struct Target {
    std::vector<em_bone> bones;
    int32_t bone_of_joint[EM_JOINTS];

    Target(em_axes axes, double size, double droop, unsigned seed, bool without_optional = false) {
        std::mt19937 random(seed);
        const em_skeleton from = body();
        const Axes &target = *axes_of(axes);
        std::vector<Quat> world;
        std::vector<Vec> place;
        const auto add = [&](int32_t parent, const Vec &at, const Quat &turned) {
            em_bone bone{parent, {}, {}};
            const Quat local = parent < 0 ? turned : inverse(world[parent]) * turned;
            const Vec offset = parent < 0 ? at : rotate(inverse(world[parent]), at - place[parent]);
            for (int k = 0; k < 4; k++) bone.rotation[k] = static_cast<float>(local[k]);
            for (int k = 0; k < 3; k++) bone.position[k] = static_cast<float>(offset[k]);
            bones.push_back(bone);
            world.push_back(turned);
            place.push_back(at);
            return static_cast<int32_t>(bones.size() - 1);
        };
        std::vector<Vec> joints(EM_JOINTS);
        add(-1, {0, 0, 0}, kIdentity);
        for (int j = 0; j < EM_JOINTS; j++) {
            bone_of_joint[j] = -1;
            Vec offset = point(from, j);
            const bool arm = j == kLeftElbow || j == kRightElbow || j == kLeftWrist || j == kRightWrist;
            if (arm) {  // lowered about the character's Z
                const double side = offset[0] > 0 ? -1 : 1;
                offset = rotate({0, 0, side * std::sin(droop / 2), std::cos(droop / 2)}, offset);
            }
            joints[j] = j == 0 ? Vec{0, em_rest_height(&from), 0} : joints[kParents[j]] + offset;
            const bool optional = j == kSpine2 || j == kSpine3 || j == kNeck || j == kLeftCollar || j == kRightCollar;
            if (optional && without_optional) continue;
            int32_t above = j == 0 ? 0 : -1;
            for (int32_t p = kParents[j]; above < 0; p = kParents[p]) above = bone_of_joint[p];
            if (j == kSpine2)  // a bone that nobody moves
                above = add(above, place[above], random_rotation(random));
            bone_of_joint[j] = add(above, size * target.point(joints[j]), random_rotation(random));
        }
    }

    em_rig_options options(em_axes axes, const em_skeleton &skeleton) const {
        em_rig_options out{};
        out.axes = axes;
        out.bones = bones.data();
        out.bone_count = static_cast<uint32_t>(bones.size());
        std::copy(std::begin(bone_of_joint), std::end(bone_of_joint), out.bone_of_joint);
        out.skeleton = &skeleton;
        return out;
    }

    // Where the bones are with these local rotations.
    std::vector<Vec> places(const std::vector<float> &rotations, const float *hips) const {
        std::vector<Quat> world;
        std::vector<Vec> at;
        for (size_t i = 0; i < bones.size(); i++) {
            const em_bone &bone = bones[i];
            const Quat local{rotations[4 * i], rotations[4 * i + 1], rotations[4 * i + 2], rotations[4 * i + 3]};
            Vec offset{bone.position[0], bone.position[1], bone.position[2]};
            if (static_cast<int32_t>(i) == bone_of_joint[kPelvis]) offset = {hips[0], hips[1], hips[2]};
            world.push_back(bone.parent < 0 ? local : world[bone.parent] * local);
            at.push_back(bone.parent < 0 ? offset : at[bone.parent] + rotate(world[bone.parent], offset));
        }
        return at;
    }
};

std::vector<Vec> joints_of(const em_skeleton &skeleton, const em_pose &pose) {
    std::vector<Quat> world;
    std::vector<Vec> at;
    for (int j = 0; j < EM_JOINTS; j++) {
        const float *q = pose.rotations + 4 * j;
        const Quat local{q[0], q[1], q[2], q[3]};
        const int p = kParents[j];
        world.push_back(p < 0 ? local : world[p] * local);
        at.push_back(p < 0 ? Vec{pose.root[0], pose.root[1], pose.root[2]}
                           : at[p] + rotate(world[p], point(skeleton, j)));
    }
    return at;
}

double degrees_between(const Vec &a, const Vec &b) {
    return std::acos(std::min(1.0, dot(a, b) / (length(a) * length(b)))) * 180 / 3.14159265358979;
}

struct Rigged {
    em_rig *rig;
    explicit Rigged(const em_rig_options &options) {
        em_error error;
        if (em_rig_create(&options, &rig, &error) != EM_OK) throw std::runtime_error(error.message);
    }
    ~Rigged() { em_rig_free(rig); }
};

// Farthest that a limb of the target points from the limb of the body, degrees, over random poses.
double worst_direction(em_axes axes, double size, double droop, unsigned seed) {
    const em_skeleton skeleton = body();
    const Target target(axes, size, droop, seed);
    const Rigged rigged(target.options(axes, skeleton));
    std::vector<float> rotations(4 * target.bones.size());
    float hips[3];
    double worst = 0;
    std::mt19937 random(seed);
    for (int i = 0; i < 50; i++) {
        const em_pose pose = random_pose(random);
        em_rig_pose(rigged.rig, &pose, EM_TRAVEL_HIPS, rotations.data(), hips);
        const std::vector<Vec> wanted = joints_of(skeleton, pose), found = target.places(rotations, hips);
        for (int joint = 1; joint < EM_JOINTS; joint++) {
            const int parent = kParents[joint];
            const Vec ours = axes_of(axes)->point(wanted[joint] - wanted[parent]);
            worst = std::max(
                worst, degrees_between(ours, found[target.bone_of_joint[joint]] - found[target.bone_of_joint[parent]]));
        }
    }
    return worst;
}

}  // namespace

TEST(unit, every_direction_of_a_t_pose_skeleton_is_the_bodys) {
    CHECK(worst_direction(EM_AXES_UNREAL_COMPONENT, 1.13, 0, 1) < 0.05);
    CHECK(worst_direction(EM_AXES_UNITY, 0.5, 0, 2) < 0.05);
    CHECK(worst_direction(EM_AXES_BLENDER, 2.0, 0, 3) < 0.05);
}

TEST(unit, every_direction_of_an_a_pose_skeleton_is_the_bodys) {
    CHECK(worst_direction(EM_AXES_UNREAL_COMPONENT, 1.05, 0.8, 4) < 0.05);
    CHECK(worst_direction(EM_AXES_UNREAL, 0.9, 1.2, 5) < 0.05);
}

TEST(unit, the_rest_pose_gives_the_rest_pose_back_where_it_is_to_be_kept) {
    const em_skeleton skeleton = body();
    const Target target(EM_AXES_UNREAL_COMPONENT, 1.2, 0.8, 6);
    em_rig_options options = target.options(EM_AXES_UNREAL_COMPONENT, skeleton);
    options.keep_rest = 1;
    const Rigged rigged(options);
    em_pose rest{};
    for (int j = 0; j < EM_JOINTS; j++) rest.rotations[4 * j + 3] = 1;
    rest.root[1] = static_cast<float>(em_rest_height(&skeleton));
    std::vector<float> rotations(4 * target.bones.size());
    float hips[3];
    em_rig_pose(rigged.rig, &rest, EM_TRAVEL_HIPS, rotations.data(), hips);
    for (size_t i = 0; i < target.bones.size(); i++) {
        double cosine = 0;
        for (int k = 0; k < 4; k++) cosine += rotations[4 * i + k] * target.bones[i].rotation[k];
        CHECK_NEAR(std::abs(cosine), 1.0, 1e-6);
    }
    for (int k = 0; k < 3; k++) CHECK_NEAR(hips[k], target.bones[1].position[k], 1e-4);
}

TEST(unit, what_a_missing_bone_would_turn_is_turned_by_the_next) {
    const em_skeleton skeleton = body();
    const Target whole(EM_AXES_UNITY, 1, 0, 7), poor(EM_AXES_UNITY, 1, 0, 7, true);
    const Rigged a(whole.options(EM_AXES_UNITY, skeleton)), b(poor.options(EM_AXES_UNITY, skeleton));
    std::mt19937 random(8);
    const em_pose pose = random_pose(random);
    std::vector<float> first(4 * whole.bones.size()), second(4 * poor.bones.size());
    float hips[3];
    em_rig_pose(a.rig, &pose, EM_TRAVEL_HIPS, first.data(), hips);
    const std::vector<Vec> wanted = whole.places(first, hips);
    em_rig_pose(b.rig, &pose, EM_TRAVEL_HIPS, second.data(), hips);
    const std::vector<Vec> found = poor.places(second, hips);
    for (const auto &[from, to] :
         {std::pair{kLeftElbow, kLeftWrist}, {kRightShoulder, kRightElbow}, {kLeftHip, kLeftKnee}})
        CHECK(degrees_between(wanted[whole.bone_of_joint[to]] - wanted[whole.bone_of_joint[from]],
                              found[poor.bone_of_joint[to]] - found[poor.bone_of_joint[from]]) < 0.05);
}

TEST(unit, hips_travel_by_the_size_of_the_skeleton_or_not_at_all) {
    const em_skeleton skeleton = body();
    const Target target(EM_AXES_UNREAL_COMPONENT, 2, 0, 9);
    const Rigged rigged(target.options(EM_AXES_UNREAL_COMPONENT, skeleton));
    em_pose pose{};
    for (int j = 0; j < EM_JOINTS; j++) pose.rotations[4 * j + 3] = 1;
    pose.root[0] = 0.1f, pose.root[1] = static_cast<float>(em_rest_height(&skeleton)) - 0.2f, pose.root[2] = 3;
    std::vector<float> rotations(4 * target.bones.size());
    float hips[3], way[3];
    em_rig_pose(rigged.rig, &pose, EM_TRAVEL_HIPS, rotations.data(), hips);
    const double height = 200 * em_rest_height(&skeleton);
    CHECK_NEAR(hips[0], 20, 1e-3);
    CHECK_NEAR(hips[1], 600, 1e-3);
    CHECK_NEAR(hips[2], height - 40, 1e-3);
    em_rig_way(rigged.rig, &pose, way);
    CHECK(std::abs(way[0] - 20) < 1e-3 && std::abs(way[1] - 600) < 1e-3 && way[2] == 0);
    em_rig_pose(rigged.rig, &pose, EM_TRAVEL_NONE, rotations.data(), hips);
    CHECK(std::abs(hips[0]) < 1e-3 && std::abs(hips[1]) < 1e-3 && std::abs(hips[2] - (height - 40)) < 1e-3);
}

static std::string refusal(const em_rig_options &options) {
    em_rig *rig = nullptr;
    em_error error{};
    const em_code code = em_rig_create(&options, &rig, &error);
    em_rig_free(code == EM_OK ? rig : nullptr);
    return code == EM_OK ? "" : error.message;
}

TEST(unit, skeletons_that_cannot_work_are_refused_by_name) {
    const em_skeleton skeleton = body();
    Target target(EM_AXES_UNITY, 1, 0, 10);
    em_rig_options options = target.options(EM_AXES_UNITY, skeleton);
    CHECK_EQUAL(refusal(options), "");
    options.bone_of_joint[kLeftKnee] = options.bone_of_joint[kHead] = -1;
    CHECK_HAS(refusal(options), "no bone for left_knee, head");
    options = target.options(EM_AXES_UNITY, skeleton);
    options.bone_of_joint[kLeftKnee] = options.bone_of_joint[kRightKnee];
    CHECK_HAS(refusal(options), "are to move the same bone");
    options.bone_of_joint[kLeftKnee] = 1000;
    CHECK_HAS(refusal(options), "left_knee is to move bone 1000 of");
    options = target.options(static_cast<em_axes>(99), skeleton);
    CHECK_HAS(refusal(options), "axes 99 are unknown");
    options = target.options(EM_AXES_UNREAL_COMPONENT, skeleton);  // Y up taken for Z up
    CHECK_HAS(refusal(options), "are the axes and the unit of the skeleton right?");
    target.bones[3].parent = 5;
    CHECK_HAS(refusal(target.options(EM_AXES_UNITY, skeleton)), "bone 3 comes before its parent 5");
    options = {};
    CHECK_HAS(refusal(options), "skeleton must be set");
}

TEST(unit, opposite_directions_have_a_turn_between_them) {
    for (const Vec &v : {Vec{1, 0, 0}, Vec{0, 1, 0}, Vec{0, 0, -2}, Vec{1, 2, 3}}) {
        const Vec turned = rotate(between(v, -1.0 * v), v);
        for (int k = 0; k < 3; k++) CHECK_NEAR(turned[k], -v[k], 1e-9);
    }
    CHECK(between({0, 0, 0}, {1, 0, 0}) == kIdentity);
}
