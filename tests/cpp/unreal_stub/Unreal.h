// As much of the interface of Unreal Engine 5.3 as the plugin uses, declared from its documentation so that a compiler
// can check the plugin's sources where the engine is not there. Nothing here runs.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <utility>

// ---- Macros of the header tool and of modules ----
#define UCLASS(...)
#define USTRUCT(...)
#define UENUM(...)
#define UPROPERTY(...)
#define UFUNCTION(...)
#define GENERATED_BODY()
#define EMOMOTION_API
#define EMOMOTIONUNCOOKED_API
#define EMOMOTIONLIVELINK_API
#define TEXT(text) L##text
#define LOCTEXT(key, text) FText()
#define IMPLEMENT_MODULE(type, name) static type name##Module;
#define DECLARE_LOG_CATEGORY_EXTERN(name, level, all) extern FLogCategory name
#define DEFINE_LOG_CATEGORY(name) FLogCategory name
// The arguments are looked at as printf's are, the text's form is not.
#define UE_LOG(category, level, ...) LogStub(category, ELogLevel::level, __VA_ARGS__)
#define UTF8_TO_TCHAR(text) FUTF8ToTCHAR(text).Get()
#define INDEX_NONE (-1)
#define PLATFORM_WINDOWS 1

using int32 = int32_t;
using int64 = int64_t;
using uint8 = uint8_t;
using uint32 = uint32_t;
using uint64 = uint64_t;
using TCHAR = wchar_t;
using ANSICHAR = char;

// What a format takes: numbers and pointers, never an object.
template <typename T> inline constexpr bool bFormattable = std::is_arithmetic_v<T> || std::is_pointer_v<T>;

struct FLogCategory {};
enum class ELogLevel { Fatal, Error, Warning, Log };
template <typename... Arguments>
void LogStub(const FLogCategory&, ELogLevel, const TCHAR*, Arguments...)
{
	static_assert((bFormattable<Arguments> && ...), "pass *Text, not Text, to a format");
}

// ---- Text ----
class FName;
class FString
{
public:
	FString() = default;
	FString(const TCHAR*);
	const TCHAR* operator*() const;
	bool IsEmpty() const;
	void Reset();
	bool Split(const TCHAR* By, FString* Left, FString* Right) const;
	template <typename Array> int32 ParseIntoArray(Array& Out, const TCHAR* By, bool bCullEmpty = true) const;
	template <typename... Arguments> static FString Printf(const TCHAR*, Arguments...)
	{
		static_assert((bFormattable<Arguments> && ...), "pass *Text, not Text, to a format");
		return {};
	}
	bool operator==(const TCHAR*) const;
};
class FName
{
public:
	FName() = default;
	FName(const TCHAR*);
	bool IsNone() const;
	FString ToString() const;
	bool operator==(const FName&) const;
};
inline bool operator!=(const FName& A, const FName& B) { return !(A == B); }
class FText
{
public:
	static FText FromString(const FString&);
};
struct FTCHARToUTF8
{
	explicit FTCHARToUTF8(const TCHAR*);
	const ANSICHAR* Get() const;
	int32 Length() const;
};
struct FUTF8ToTCHAR
{
	explicit FUTF8ToTCHAR(const ANSICHAR*);
	const TCHAR* Get() const;
};
struct FGuid {};
struct FLinearColor
{
	FLinearColor(float R, float G, float B, float A = 1.0f);
};

// ---- Containers and pointers ----
template <typename T> class TArray
{
public:
	int32 Add(const T&);
	T& AddDefaulted_GetRef();
	void Append(const T*, int32);
	void Reserve(int32);
	void SetNumUninitialized(int32);
	T* GetData();
	const T* GetData() const;
	int32 Num() const;
	T& operator[](int32);
	const T& operator[](int32) const;
	T* begin();
	T* end();
	const T* begin() const;
	const T* end() const;
};
template <typename Allocator = void> class TBitArray
{
public:
	void Init(bool, int32);
	bool IsValidIndex(int32) const;
	struct FBit
	{
		operator bool() const;
		FBit& operator=(bool);
	};
	FBit operator[](int32);
	bool operator[](int32) const;
};
template <typename K, typename V> struct TPair
{
	K Key;
	V Value;
};
template <typename K, typename V> class TMap
{
public:
	V& Add(const K&, const V&);
	const V* Find(const K&) const;
	const TPair<K, V>* begin() const;
	const TPair<K, V>* end() const;
};
template <typename T> class TSharedRef
{
public:
	template <typename U, typename = std::enable_if_t<std::is_convertible_v<U*, T*>>> TSharedRef(const TSharedRef<U>&);
	T* operator->() const;
	T& operator*() const;
};
template <typename T> class TSharedPtr
{
public:
	TSharedPtr() = default;
	TSharedPtr(std::nullptr_t);
	template <typename Deleter> TSharedPtr(T*, Deleter&&) {}
	template <typename U, typename = std::enable_if_t<std::is_convertible_v<U*, T*>>> TSharedPtr(const TSharedPtr<U>&);
	template <typename U, typename = std::enable_if_t<std::is_convertible_v<U*, T*>>> TSharedPtr(const TSharedRef<U>&);
	bool IsValid() const;
	void Reset();
	T* Get() const;
	T* operator->() const;
	T& operator*() const;
};
template <typename T, typename... Arguments> TSharedRef<T> MakeShared(Arguments&&...);
template <typename T> class TWeakObjectPtr
{
public:
	TWeakObjectPtr& operator=(T*);
	T* Get() const;
	bool IsValid() const;
	void Reset();
	T* operator->() const;
};
template <typename T> std::remove_reference_t<T>&& MoveTemp(T&&);

// ---- Maths ----
struct FVector
{
	double X, Y, Z;
	FVector() = default;
	FVector(double, double, double);
	static const FVector ZeroVector;
	double Size() const;
	FVector operator-(const FVector&) const;
	FVector operator/(double) const;
	FVector& operator+=(const FVector&);
};
struct FQuat
{
	double X, Y, Z, W;
	FQuat() = default;
	FQuat(double, double, double, double);
	static FQuat Slerp(const FQuat&, const FQuat&, double);
};
struct FTransform
{
	FTransform() = default;
	FTransform(const FQuat&, const FVector&);
	FQuat GetRotation() const;
	FVector GetTranslation() const;
	FVector GetLocation() const;
	void SetRotation(const FQuat&);
	void SetTranslation(const FVector&);
	FVector TransformVector(const FVector&) const;
	FVector InverseTransformVectorNoScale(const FVector&) const;
	double GetMaximumAxisScale() const;
};
struct FMath
{
	template <typename T> static T Abs(T);
	template <typename T> static T Max(T, T);
	template <typename T> static T Min(T, T);
	template <typename T> static T Clamp(T, T, T);
	template <typename T, typename U> static T Lerp(const T&, const T&, U);
	static double Atan2(double, double);
};

// ---- Delegates and threads ----
struct FDelegateHandle
{
	void Reset();
};
template <typename... Arguments> struct TMulticast
{
	void Broadcast(Arguments...);
	template <typename T> FDelegateHandle AddUObject(T*, void (T::*)(Arguments...));
	bool Remove(FDelegateHandle);
};
template <typename... Arguments> struct TSingle
{
	bool ExecuteIfBound(Arguments...) const;
};
using FSimpleMulticastDelegate = TMulticast<>;
#define DECLARE_DYNAMIC_MULTICAST_DELEGATE(name) using name = TMulticast<>
#define DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(name, type, parameter) using name = TMulticast<type>
#define DECLARE_DYNAMIC_DELEGATE_TwoParams(name, type, parameter, type2, parameter2) using name = TSingle<type, type2>
enum class EAsyncExecution { Thread };
namespace ENamedThreads
{
	enum Type { GameThread };
}
template <typename Work> void Async(EAsyncExecution, Work&&) {}
template <typename Work> void AsyncTask(ENamedThreads::Type, Work&&) {}
struct FCriticalSection {};
struct FScopeLock
{
	explicit FScopeLock(FCriticalSection*);
};
class FRunnable
{
public:
	virtual ~FRunnable();
	virtual uint32 Run() = 0;
	virtual void Stop();
};
class FRunnableThread
{
public:
	virtual ~FRunnableThread();
	static FRunnableThread* Create(FRunnable*, const TCHAR*);
	virtual bool Kill(bool bShouldWait) = 0;
};
struct FPlatformTime
{
	static double Seconds();
};
struct FPlatformProcess
{
	static void* GetDllHandle(const TCHAR*);
};
struct FPaths
{
	static FString ProjectDir();
	static FString ConvertRelativePathToFull(const FString& Base, const FString& Path);
	static bool FileExists(const FString&);
	template <typename... Parts> static FString Combine(Parts&&...);
};
class IModuleInterface
{
public:
	virtual ~IModuleInterface();
	virtual void StartupModule();
	virtual bool SupportsDynamicReloading();
};
class FDefaultModuleImpl : public IModuleInterface {};
class IPlugin
{
public:
	FString GetBaseDir() const;
};
class IPluginManager
{
public:
	static IPluginManager& Get();
	TSharedPtr<IPlugin> FindPlugin(const TCHAR*);
};

// ---- Objects. Super is what the header tool would declare; from each base it reaches the classes on it. ----
class UClass {};
class UWorld;
class UObject
{
public:
	using Super = UObject;
	virtual ~UObject();
	FString GetName() const;
	FName GetFName() const;
	static UClass* StaticClass();
	virtual UWorld* GetWorld() const;
};
template <typename T> const T* GetDefault();
class UDeveloperSettings : public UObject
{
public:
	virtual FName GetCategoryName() const;
};
class FSubsystemCollectionBase {};
class UGameInstanceSubsystem : public UObject
{
public:
	using Super = UGameInstanceSubsystem;
	virtual void Initialize(FSubsystemCollectionBase&);
	virtual void Deinitialize();
};
class UGameInstance : public UObject
{
public:
	template <typename T> T* GetSubsystem() const;
};
class UWorld : public UObject
{
public:
	UGameInstance* GetGameInstance() const;
	double GetAudioTimeSeconds() const;
};
struct FHitResult;
class AActor : public UObject
{
public:
	template <typename T> void GetComponents(TArray<T*>&, bool bIncludeChildActors = false) const;
	template <typename T> T* FindComponentByClass() const;
	void AddActorWorldOffset(FVector, bool bSweep = false, FHitResult* Hit = nullptr);
};
namespace EEndPlayReason
{
	enum Type { Quit };
}
enum ELevelTick { LEVELTICK_All };
enum ETickingGroup { TG_PrePhysics };
struct FActorComponentTickFunction
{
	uint8 bCanEverTick : 1;
	uint8 bStartWithTickEnabled : 1;
	ETickingGroup TickGroup;
};
class UActorComponent : public UObject
{
public:
	using Super = UActorComponent;
	FActorComponentTickFunction PrimaryComponentTick;
	virtual void BeginPlay();
	virtual void EndPlay(const EEndPlayReason::Type);
	virtual void TickComponent(float, ELevelTick, FActorComponentTickFunction*);
	void SetComponentTickEnabled(bool);
	AActor* GetOwner() const;
	void AddTickPrerequisiteComponent(UActorComponent*);
	void RemoveTickPrerequisiteComponent(UActorComponent*);
};
class FReferenceSkeleton
{
public:
	int32 GetRawBoneNum() const;
	int32 GetParentIndex(int32) const;
	FName GetBoneName(int32) const;
	int32 FindRawBoneIndex(const FName&) const;
	const TArray<FTransform>& GetRawRefBonePose() const;
};
class USkeletalMesh : public UObject
{
public:
	const FReferenceSkeleton& GetRefSkeleton() const;
};
class USkeletalMeshComponent : public UActorComponent
{
public:
	USkeletalMesh* GetSkeletalMeshAsset() const;
	const FTransform& GetComponentTransform() const;
	void SetMorphTarget(FName, float, bool bRemoveZeroWeight = true);
};

// ---- Animation ----
class UAnimInstance : public UObject
{
public:
	AActor* GetOwningActor() const;
	USkeletalMeshComponent* GetSkelMeshComponent() const;
};
struct FAnimationBaseContext {};
struct FAnimationInitializeContext : FAnimationBaseContext {};
struct FAnimationCacheBonesContext : FAnimationBaseContext {};
struct FAnimationUpdateContext : FAnimationBaseContext {};
struct FCompactPoseBoneIndex
{
	int32 GetInt() const;
};
struct FMeshPoseBoneIndex
{
	int32 GetInt() const;
};
struct FBoneContainer
{
	FMeshPoseBoneIndex MakeMeshPoseIndex(const FCompactPoseBoneIndex&) const;
};
struct FCompactPose
{
	struct FRange
	{
		const FCompactPoseBoneIndex* begin() const;
		const FCompactPoseBoneIndex* end() const;
	};
	const FBoneContainer& GetBoneContainer() const;
	FTransform& operator[](const FCompactPoseBoneIndex&);
	FRange ForEachBoneIndex() const;
};
struct FBlendedCurve
{
	float Get(FName) const;
	void Set(FName, float);
};
struct FPoseContext : FAnimationBaseContext
{
	FCompactPose Pose;
	FBlendedCurve Curve;
};
struct FNodeDebugData
{
	void AddDebugItem(FString);
	template <typename T> FString GetNodeName(T*);
};
struct FPoseLink
{
	void Initialize(const FAnimationInitializeContext&);
	void CacheBones(const FAnimationCacheBonesContext&);
	void Update(const FAnimationUpdateContext&);
	void Evaluate(FPoseContext&);
	void GatherDebugData(FNodeDebugData&);
};
struct FExposedValueHandler
{
	void Execute(const FAnimationBaseContext&) const;
};
struct FAnimNode_Base
{
	virtual ~FAnimNode_Base();
	virtual void Initialize_AnyThread(const FAnimationInitializeContext&);
	virtual void CacheBones_AnyThread(const FAnimationCacheBonesContext&);
	virtual void Update_AnyThread(const FAnimationUpdateContext&);
	virtual void Evaluate_AnyThread(FPoseContext&);
	virtual void GatherDebugData(FNodeDebugData&);
	virtual bool HasPreUpdate() const;
	virtual void PreUpdate(const UAnimInstance*);
	const FExposedValueHandler& GetEvaluateGraphExposedInputs() const;
};
namespace ENodeTitleType
{
	enum Type { FullTitle };
}
class UAnimGraphNode_Base : public UObject
{
public:
	virtual FText GetNodeTitle(ENodeTitleType::Type) const;
	virtual FText GetTooltipText() const;
	virtual FText GetMenuCategory() const;
	virtual FLinearColor GetNodeTitleColor() const;
};

// ---- Live Link ----
struct FLiveLinkSubjectKey
{
	FLiveLinkSubjectKey() = default;
	FLiveLinkSubjectKey(FGuid, FName);
};
struct FLiveLinkWorldTime
{
	FLiveLinkWorldTime() = default;
	explicit FLiveLinkWorldTime(double);
};
class UScriptStruct {};
struct FLiveLinkBaseStaticData
{
	TArray<FName> PropertyNames;
};
struct FLiveLinkSkeletonStaticData : FLiveLinkBaseStaticData
{
	static UScriptStruct* StaticStruct();
	void SetBoneNames(const TArray<FName>&);
	void SetBoneParents(const TArray<int32>&);
};
struct FLiveLinkBaseFrameData
{
	FLiveLinkWorldTime WorldTime;
	TArray<float> PropertyValues;
};
struct FLiveLinkAnimationFrameData : FLiveLinkBaseFrameData
{
	static UScriptStruct* StaticStruct();
	TArray<FTransform> Transforms;
};
struct FLiveLinkStaticDataStruct
{
	explicit FLiveLinkStaticDataStruct(const UScriptStruct*);
	template <typename T> T* Cast();
};
struct FLiveLinkFrameDataStruct
{
	explicit FLiveLinkFrameDataStruct(const UScriptStruct*);
	template <typename T> T* Cast();
};
class ULiveLinkAnimationRole : public UObject {};
class ILiveLinkClient
{
public:
	virtual ~ILiveLinkClient();
	virtual void PushSubjectStaticData_AnyThread(const FLiveLinkSubjectKey&, UClass*, FLiveLinkStaticDataStruct&&) = 0;
	virtual void PushSubjectFrameData_AnyThread(const FLiveLinkSubjectKey&, FLiveLinkFrameDataStruct&&) = 0;
};
class ILiveLinkSource
{
public:
	virtual ~ILiveLinkSource();
	virtual void ReceiveClient(ILiveLinkClient*, FGuid) = 0;
	virtual bool IsSourceStillValid() const = 0;
	virtual bool RequestSourceShutdown() = 0;
	virtual FText GetSourceType() const = 0;
	virtual FText GetSourceMachineName() const = 0;
	virtual FText GetSourceStatus() const = 0;
};
class ULiveLinkSourceFactory : public UObject
{
public:
	enum class EMenuType { SubPanel, MenuEntry, Disabled };
	virtual FText GetSourceDisplayName() const = 0;
	virtual FText GetSourceTooltip() const = 0;
	virtual EMenuType GetMenuType() const;
	virtual TSharedPtr<ILiveLinkSource> CreateSource(const FString&) const;
};
