using System.IO;
using UnrealBuildTool;

// The client core, built by CMake beforehand (see docs/unreal.md): emomotion.h in include, the library in lib/<platform>.
public class EmoMotionCore : ModuleRules
{
	public EmoMotionCore(ReadOnlyTargetRules Target) : base(Target)
	{
		Type = ModuleType.External;
		PublicSystemIncludePaths.Add(Path.Combine(ModuleDirectory, "include"));
		string Folder = Path.Combine(ModuleDirectory, "lib", Target.Platform.ToString());

		if (Target.Platform == UnrealTargetPlatform.Win64)
		{
			PublicAdditionalLibraries.Add(Path.Combine(Folder, "emomotion.lib"));
			PublicDelayLoadDLLs.Add("emomotion.dll");
			RuntimeDependencies.Add("$(BinaryOutputDir)/emomotion.dll", Path.Combine(Folder, "emomotion.dll"));
		}
		else
		{
			string Name = Target.Platform == UnrealTargetPlatform.Mac ? "libemomotion.1.dylib" : "libemomotion.so.1";
			PublicAdditionalLibraries.Add(Path.Combine(Folder, Name));
			RuntimeDependencies.Add("$(BinaryOutputDir)/" + Name, Path.Combine(Folder, Name));
		}
	}
}
