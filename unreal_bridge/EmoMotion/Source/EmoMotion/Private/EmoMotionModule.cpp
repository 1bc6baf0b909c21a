#include "EmoMotionSubsystem.h"
#include "HAL/PlatformProcess.h"
#include "Interfaces/IPluginManager.h"
#include "Misc/Paths.h"
#include "Modules/ModuleManager.h"
#include "emomotion.h"

/** Loads the core where it is loaded late, and refuses one that was built for another interface. */
class FEmoMotionModule : public IModuleInterface
{
public:
	virtual void StartupModule() override
	{
#if PLATFORM_WINDOWS
		// Beside the plugin in the editor, beside the executable in a packaged game, where it is found by itself.
		const TSharedPtr<IPlugin> Plugin = IPluginManager::Get().FindPlugin(TEXT("EmoMotion"));
		const FString Path = FPaths::Combine(Plugin->GetBaseDir(), TEXT("Source/ThirdParty/EmoMotionCore/lib/Win64/emomotion.dll"));
		if (FPaths::FileExists(Path))
		{
			FPlatformProcess::GetDllHandle(*Path);
		}
#endif
		if (em_abi_version() != EM_ABI_VERSION)
		{
			UE_LOG(LogEmoMotion, Fatal, TEXT("The EmoMotion core has interface %u, the plugin needs %u: build both from one version."),
				em_abi_version(), static_cast<uint32>(EM_ABI_VERSION));
		}
	}

	// The core must stay: threads of gRPC may still run. Live coding and hot reload load modules beside it.
	virtual bool SupportsDynamicReloading() override { return false; }
};

IMPLEMENT_MODULE(FEmoMotionModule, EmoMotion)
