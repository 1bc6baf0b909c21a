using UnrealBuildTool;

public class EmoMotion : ModuleRules
{
	public EmoMotion(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		PublicDependencyModuleNames.AddRange(new[] { "Core", "CoreUObject", "Engine", "DeveloperSettings" });
		// Private: no public header of this module needs the core's.
		PrivateDependencyModuleNames.AddRange(new[] { "EmoMotionCore", "Projects" });
	}
}
