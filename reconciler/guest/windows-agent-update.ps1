<#
Updates the Azure agent by Microsoft's own installer, when that is newer. Runs as SYSTEM, by a managed run command.

The agent is what runs this script, and the installer restarts it. So the installer is left to a scheduled task, which starts a minute
later, removes what was downloaded, and then itself. Its log is Logs\azbackup-agent-update.log in the folder of Windows.
It has no parameters and prints one line of JSON. Exit codes: 0 done, 1 not done.
#>
[CmdletBinding()]
param()

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$Address = 'https://go.microsoft.com/fwlink/?LinkID=394789'
$Signer = 'Microsoft Corporation'
$Task = 'azbackup-agent-update'
$System = "$env:SystemRoot\System32"
$Log = "$env:SystemRoot\Logs\azbackup-agent-update.log"
# Only administrators write there: nobody can put another installer in the place of the one that was checked.
$Folder = "$env:ProgramFiles\azbackup"
$Installer = "$Folder\WindowsAzureVmAgent.msi"

function ConvertTo-Version([string] $Text) {
    if ($Text -notmatch '\A\s*(\d+(\.\d+){1,3})') { throw "'$Text' is no version" }
    return [version] $Matches[1]
}

# The service names the program that runs: C:\WindowsAzure\Packages, or the folder of a version that the platform has put beside it.
function Get-InstalledVersion {
    $service = Get-CimInstance -ClassName Win32_Service -Filter "Name = 'RdAgent'"
    if ($null -eq $service) { throw 'no agent is installed: there is no service RdAgent' }
    if ($service.PathName -notmatch '\A"?(.+?\.exe)') { throw "the service RdAgent runs no program: $($service.PathName)" }
    $program = Get-Item -LiteralPath $Matches[1]
    return ConvertTo-Version $program.VersionInfo.ProductVersion
}

function Save-Installer {
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
    New-Item -Path $Folder -ItemType Directory -Force | Out-Null
    Invoke-WebRequest -Uri $Address -OutFile $Installer -UseBasicParsing -TimeoutSec 900
}

function Assert-Signature {
    $signature = Get-AuthenticodeSignature -LiteralPath $Installer
    if ($signature.Status -ne 'Valid') { throw "the signature of the installer is $($signature.Status)" }
    $name = $signature.SignerCertificate.GetNameInfo([Security.Cryptography.X509Certificates.X509NameType]::SimpleName, $false)
    if ($name -cne $Signer) { throw "the installer is signed by $name" }
}

function Invoke-Member($Object, [string] $Name, [string] $Kind, [object[]] $Arguments) {
    return $Object.GetType().InvokeMember($Name, $Kind, $null, $Object, $Arguments)
}

function Get-OfferedVersion {
    $engine = New-Object -ComObject WindowsInstaller.Installer
    $database = Invoke-Member $engine 'OpenDatabase' 'InvokeMethod' @($Installer, 0)
    $view = Invoke-Member $database 'OpenView' 'InvokeMethod' @("SELECT Value FROM Property WHERE Property = 'ProductVersion'")
    Invoke-Member $view 'Execute' 'InvokeMethod' | Out-Null
    $record = Invoke-Member $view 'Fetch' 'InvokeMethod'
    $text = Invoke-Member $record 'StringData' 'GetProperty' @(1)
    Invoke-Member $view 'Close' 'InvokeMethod' | Out-Null
    # As long as the database is held, its file can't be removed.
    foreach ($held in $record, $view, $database, $engine) { [Runtime.InteropServices.Marshal]::FinalReleaseComObject($held) | Out-Null }
    return ConvertTo-Version $text
}

function Register-Installation {
    $actions = @(
        (New-ScheduledTaskAction -Execute "$System\msiexec.exe" -Argument "/i `"$Installer`" /quiet /norestart /l* `"$Log`""),
        (New-ScheduledTaskAction -Execute "$System\cmd.exe" -Argument "/d /c rd /s /q `"$Folder`""),
        (New-ScheduledTaskAction -Execute "$System\schtasks.exe" -Argument "/Delete /TN $Task /F")
    )
    $soon = (Get-Date).AddMinutes(1)
    $trigger = New-ScheduledTaskTrigger -Once -At $soon
    $principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
    $settings = New-ScheduledTaskSettingsSet -StartWhenAvailable -ExecutionTimeLimit (New-TimeSpan -Minutes 30)
    Register-ScheduledTask -TaskName $Task -Action $actions -Trigger $trigger -Principal $principal -Settings $settings -Force | Out-Null
}

function Remove-Download {
    if (Test-Path -LiteralPath $Folder) { Remove-Item -LiteralPath $Folder -Recurse -Force -ErrorAction SilentlyContinue }
}

$started = $false
try {
    if ($env:PROCESSOR_ARCHITECTURE -ne 'AMD64') { throw "the installer is for AMD64, and this is $env:PROCESSOR_ARCHITECTURE" }
    $before = Get-InstalledVersion
    $earlier = Get-ScheduledTask -TaskName $Task -ErrorAction SilentlyContinue
    if ($null -ne $earlier) {
        if ($earlier.State -eq 'Running') { throw 'the installer of an earlier run is still at work' }
        Unregister-ScheduledTask -TaskName $Task -Confirm:$false
    }
    $started = $true
    Remove-Download
    Save-Installer
    Assert-Signature
    $offered = Get-OfferedVersion
    $scheduled = $before -lt $offered
    if ($scheduled) { Register-Installation } else { Remove-Download }
    @{ script = 'windows-agent-update'; before = "$before"; offered = "$offered"; scheduled = $scheduled } | ConvertTo-Json -Compress
} catch {
    if ($started) { Remove-Download }
    @{ script = 'windows-agent-update'; error = "$_" } | ConvertTo-Json -Compress
    exit 1
}
