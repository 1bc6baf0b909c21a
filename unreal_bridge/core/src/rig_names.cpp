// Bones of well-known skeletons by name.
#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "body.h"

namespace emomotion {
namespace {

// Names that a joint's bone has, without case, prefixes, blanks and underscores; the first one that a skeleton has
// counts. Unreal's mannequins (4 and 5, MetaHuman), Mixamo, Unity and VRM, the SDK's own. {} is replaced by the side.
struct Names {
    Joint joint;
    std::vector<const char *> names;
};

const std::vector<Names> kCentre = {
    {kPelvis, {"pelvis", "hips"}},
    {kSpine1, {"spine01", "spine1.sdk", "spine"}},
    {kSpine2, {"spine03.of5", "spine02", "spine2.sdk", "chest", "spine1"}},
    {kSpine3, {"spine05", "spine03", "spine3.sdk", "upperchest", "spine2"}},
    {kNeck, {"neck01", "neck"}},
    {kHead, {"head"}},
};
const std::vector<Names> kLeft = {
    {kLeftHip, {"thigh{}", "{}upleg", "{}upperleg", "{}hip"}},
    {kLeftKnee, {"calf{}", "{}leg", "{}lowerleg", "{}knee"}},
    {kLeftAnkle, {"foot{}", "{}ankle", "{}foot"}},
    {kLeftFoot, {"ball{}", "{}toebase", "{}toes", "{}foot.sdk"}},
    {kLeftCollar, {"clavicle{}", "{}shoulder.arm", "{}collar"}},
    {kLeftShoulder, {"upperarm{}", "{}arm", "{}upperarm", "{}shoulder"}},
    {kLeftElbow, {"lowerarm{}", "{}forearm", "{}lowerarm", "{}elbow"}},
    {kLeftWrist, {"hand{}", "{}hand", "{}wrist"}},
};

std::string plain(const char *name) {
    std::string out = name ? name : "";
    out = out.substr(out.rfind(':') == std::string::npos ? 0 : out.rfind(':') + 1);
    std::string kept;
    for (const unsigned char c : out)
        if (c != '_' && c != ' ' && c != '.' && c != '-') kept += static_cast<char>(std::tolower(c));
    for (const char *prefix : {"mixamorig", "bip01", "valvebiped"})
        if (kept.rfind(prefix, 0) == 0) kept = kept.substr(std::string(prefix).size());
    return kept;
}

class Search {
public:
    Search(const char *const *names, uint32_t count) {
        for (uint32_t i = 0; i < count; i++) names_.push_back(plain(names[i]));
    }

    int32_t bone(const std::string &name) const {
        const auto found = std::find(names_.begin(), names_.end(), name);
        return found == names_.end() ? -1 : static_cast<int32_t>(found - names_.begin());
    }

    // Some names mean one thing in one family of skeletons and another in the next; a tail says in which they count.
    int32_t first(const std::vector<const char *> &names, const std::string &one_side,
                  const std::string &other_side) const {
        const bool sdk = bone("leftankle") >= 0, five = bone("spine05") >= 0,
                   arm = bone("leftarm") >= 0 || bone("leftupperarm") >= 0;
        for (const char *pattern : names) {
            std::string name = pattern;
            const size_t dot = name.find('.');
            const std::string family = dot == std::string::npos ? "" : name.substr(dot + 1);
            name = name.substr(0, dot);
            if ((family == "sdk" && !sdk) || (family == "of5" && !five) || (family == "arm" && !arm)) continue;
            if (const size_t at = name.find("{}"); at != std::string::npos)
                name.replace(at, 2, at == 0 ? one_side : other_side);
            if (const int32_t found = bone(name); found >= 0) return found;
        }
        return -1;
    }

private:
    std::vector<std::string> names_;
};

}  // namespace
}  // namespace emomotion

using namespace emomotion;

extern "C" uint32_t em_rig_match(const char *const *names, uint32_t count, int32_t bone_of_joint[EM_JOINTS]) {
    if (!names || !bone_of_joint) return 0;
    const Search search(names, count);
    std::fill(bone_of_joint, bone_of_joint + EM_JOINTS, -1);
    for (const Names &entry : kCentre) bone_of_joint[entry.joint] = search.first(entry.names, "", "");
    for (const Names &entry : kLeft) {
        bone_of_joint[entry.joint] = search.first(entry.names, "left", "l");
        bone_of_joint[entry.joint + 1] =
            search.first(entry.names, "right", "r");  // the twin follows in the order of joints
    }
    uint32_t found = 0;
    for (int joint = 0; joint < EM_JOINTS; joint++) {
        // Two joints never share a bone: the one higher up has it.
        for (int before = 0; before < joint; before++)
            if (bone_of_joint[before] == bone_of_joint[joint]) bone_of_joint[joint] = -1;
        found += bone_of_joint[joint] >= 0;
    }
    return found;
}
