using UnrealBuildTool;

public class EmoMotionLiveLink : ModuleRules
{
	public EmoMotionLiveLink(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		PublicDependencyModuleNames.AddRange(new[] { "Core", "CoreUObject", "Engine", "LiveLinkInterface" });
		PrivateDependencyModuleNames.AddRange(new[] { "EmoMotion", "EmoMotionCore" });
	}
}
