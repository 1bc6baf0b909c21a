#include "EmoMotionRig.h"

#include "Engine/SkeletalMesh.h"
#include "ReferenceSkeleton.h"

TSharedPtr<FEmoMotionRig> FEmoMotionRig::Create(
	const USkeletalMesh& Mesh, const em_skeleton& Skeleton, const TMap<FName, FName>& BoneNames, em_axes Axes, FString& Problem)
{
	const FReferenceSkeleton& Reference = Mesh.GetRefSkeleton();
	const TArray<FTransform>& RestPose = Reference.GetRawRefBonePose();
	const int32 Count = Reference.GetRawBoneNum();

	TArray<em_bone> Bones;
	TArray<TArray<ANSICHAR>> NameTexts;
	TArray<const char*> Names;
	for (int32 Bone = 0; Bone < Count; ++Bone)
	{
		const FQuat Rotation = RestPose[Bone].GetRotation();
		const FVector Position = RestPose[Bone].GetTranslation();
		em_bone Rest = {};
		Rest.parent = Reference.GetParentIndex(Bone);
		Rest.rotation[0] = static_cast<float>(Rotation.X);
		Rest.rotation[1] = static_cast<float>(Rotation.Y);
		Rest.rotation[2] = static_cast<float>(Rotation.Z);
		Rest.rotation[3] = static_cast<float>(Rotation.W);
		Rest.position[0] = static_cast<float>(Position.X);
		Rest.position[1] = static_cast<float>(Position.Y);
		Rest.position[2] = static_cast<float>(Position.Z);
		Bones.Add(Rest);
		const FTCHARToUTF8 Text(*Reference.GetBoneName(Bone).ToString());
		NameTexts.AddDefaulted_GetRef().Append(Text.Get(), Text.Length() + 1);
	}
	for (const TArray<ANSICHAR>& Text : NameTexts)
	{
		Names.Add(Text.GetData());
	}

	em_rig_options Options = {};
	Options.axes = Axes;
	Options.bones = Bones.GetData();
	Options.bone_count = static_cast<uint32>(Count);
	Options.skeleton = &Skeleton;
	em_rig_match(Names.GetData(), static_cast<uint32>(Count), Options.bone_of_joint);
	for (int32 Joint = 0; Joint < EM_JOINTS; ++Joint)
	{
		if (const FName* Named = BoneNames.Find(FName(UTF8_TO_TCHAR(em_joint_name(Joint)))))
		{
			Options.bone_of_joint[Joint] = Named->IsNone() ? -1 : Reference.FindRawBoneIndex(*Named);
		}
	}

	em_rig* Made = nullptr;
	em_error Error = {};
	if (em_rig_create(&Options, &Made, &Error) != EM_OK)
	{
		Problem = FString::Printf(TEXT("%s: %s"), *Mesh.GetName(), UTF8_TO_TCHAR(Error.message));
		return nullptr;
	}
	const TSharedPtr<FEmoMotionRig> Out = MakeShared<FEmoMotionRig>();
	Out->Rig = Made;
	Out->BoneCount = Count;
	Out->Hips = Options.bone_of_joint[0];
	Out->Moved.Init(false, Count);
	for (const int32 Bone : Options.bone_of_joint)
	{
		if (Bone >= 0)
		{
			Out->Moved[Bone] = true;
		}
	}
	return Out;
}

FEmoMotionRig::~FEmoMotionRig()
{
	em_rig_free(Rig);
}

TSharedRef<const FEmoMotionPose> FEmoMotionRig::Pose(const em_frame& Frame, em_travel Travel) const
{
	TArray<float> Rotations;
	Rotations.SetNumUninitialized(4 * BoneCount);
	float HipsPosition[3];
	em_rig_pose(Rig, &Frame.pose, Travel, Rotations.GetData(), HipsPosition);

	const TSharedRef<FEmoMotionPose> Out = MakeShared<FEmoMotionPose>();
	Out->Moved = Moved;
	Out->Hips = Hips;
	Out->HipsPosition = FVector(HipsPosition[0], HipsPosition[1], HipsPosition[2]);
	Out->Rotations.Reserve(BoneCount);
	for (int32 Bone = 0; Bone < BoneCount; ++Bone)
	{
		const float* Q = Rotations.GetData() + 4 * Bone;
		Out->Rotations.Add(FQuat(Q[0], Q[1], Q[2], Q[3]));
	}
	for (int32 Emotion = 0; Emotion < EmoMotionEmotions; ++Emotion)
	{
		Out->Emotions[Emotion] = static_cast<float>(Frame.affect.weights[Emotion] * Frame.affect.intensity);
	}
	return Out;
}

FVector FEmoMotionRig::Way(const em_pose& Pose) const
{
	float Way[3] = {};
	em_rig_way(Rig, &Pose, Way);
	return FVector(Way[0], Way[1], Way[2]);
}
