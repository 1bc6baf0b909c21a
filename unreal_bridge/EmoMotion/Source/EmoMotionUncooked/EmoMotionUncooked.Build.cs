using UnrealBuildTool;

public class EmoMotionUncooked : ModuleRules
{
	public EmoMotionUncooked(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		PublicDependencyModuleNames.AddRange(new[] { "Core", "CoreUObject", "Engine", "AnimGraph", "EmoMotion" });
		PrivateDependencyModuleNames.AddRange(new[] { "BlueprintGraph" });
	}
}
